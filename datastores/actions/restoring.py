"""Restoring a data store into a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Member
from datastores.actions.creation import name_taken, write_store
from datastores.engines.registry import history_of
from datastores.models import Archive, Backup, DataStore
from datastores.operations.opening import open_operation
from datastores.retention import base_of


@dataclass(frozen=True)
class Wish:
    """What is to be restored: a moment, a backup as it is, or (neither) everything that is archived."""

    moment: datetime | None = None
    backup: str = ""


def restore_to_new_store(*, actor: Actor, member: Member, source: DataStore, name: str, wish: Wish) -> DataStore:
    """Make a new store with the source's type, plan and region, out of the source's archive; the source is not touched.

    Raises :class:`Refusal` for a moment or backup that the archive does not have, a plan that keeps no history, and as
    ``create_store`` does.
    """
    archive = Archive.objects.filter(store=source).first()
    if archive is None or not history_of(source):
        raise Refusal(
            f"The plan of {source} keeps one backup for disaster recovery only; it can't be restored from.",
            "Choose a plan with a backup history for data that you may want back.",
        )
    memo = _memo(archive, source, wish)
    try:
        with transaction.atomic():
            store = write_store(member=member, engine=source.engine, name=name, region=source.region, plan=source.plan)
            store.settings = source.settings
            store.save(update_fields=["settings"])
            open_operation("restore", store=store, requested_by=actor.name, memo=memo)
            told = {"source": source.name, "what": _words(wish)}
            record("store.restored", actor=actor, organization=member.organization, subject=store, **told)
    except IntegrityError:
        raise name_taken(name) from None
    return store


def _memo(archive: Archive, source: DataStore, wish: Wish) -> dict[str, Any]:
    """Return what the procedure needs to know; raises Refusal for what can't be restored."""
    if wish.backup:
        found = archive.backups.filter(label=wish.backup, state=Backup.State.COMPLETE).first()
        if found is None:
            raise Refusal("The archive no longer has that backup.", "Choose one of the list.")
        return {"archive": archive.pk, "label": found.label, "only_backup": True}
    now = timezone.now()
    window = archive.window(now, history_of(source))
    if window is None:
        raise Refusal(
            "The log of no backup is archived yet.", "Wait for the first backup, or choose a backup as it is."
        )
    moment = wish.moment or window.end
    if not window.start <= moment <= window.end:
        raise Refusal(
            "That moment can't be restored: it is not in the window.",
            f"Choose one from {window.start:%Y-%m-%d %H:%M:%S} to {window.end:%Y-%m-%d %H:%M:%S} UTC.",
        )
    memo = {"archive": archive.pk, "label": base_of(archive.kept(), moment)}
    return memo | ({"moment": wish.moment.isoformat()} if wish.moment else {})


def _words(wish: Wish) -> str:
    if wish.backup:
        return f"backup {wish.backup}"
    return f"{wish.moment:%Y-%m-%d %H:%M:%S} UTC" if wish.moment else "everything that was archived"

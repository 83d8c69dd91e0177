"""Restoring a data store into a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Member
from datastores.actions.creation import name_taken, write_store
from datastores.engines.registry import history_of
from datastores.models import Archive, Backup, DataStore, Node, Operation
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
            _leave_standbys(store)
            store.settings = source.settings
            store.save(update_fields=["settings"])
            open_operation("restore", store=store, requested_by=actor.name, memo=memo)
            told = {"source": source.name, "what": _words(wish)}
            record("store.restored", actor=actor, organization=member.organization, subject=store, **told)
    except IntegrityError:
        raise name_taken(name) from None
    return store


@transaction.atomic
def restore_node(*, actor: Actor, store: DataStore, typed_name: str) -> Operation:
    """Replace a store's only node by a new one from its archive. What was not archived and can't be saved is lost.

    Raises :class:`Refusal` for a store that runs, that has standbys or no good backup, or where ``typed_name`` is not its name.
    """
    store = DataStore.objects.locked(store)
    if typed_name.strip() != store.name:
        raise Refusal("The name you typed is not the data store's name.", f"Type “{store.name}”.")
    if store.state not in {DataStore.State.UNREACHABLE, DataStore.State.FAILED}:
        raise Refusal(f"{store} is not lost: it is {store.get_state_display().lower()}.", "Reload the page.")
    if store.nodes.count() != 1:
        raise Refusal(f"{store} has standbys, which take over by themselves.", "Look at its Nodes tab.")
    if not Archive.objects.filter(store=store, backups__state=Backup.State.COMPLETE).exists():
        raise Refusal(f"{store} has no good backup.", "What is on disk is left as it is.")
    operation = open_operation("restore_node", store=store, requested_by=actor.name)
    record("store.node_restored", actor=actor, organization=store.organization, subject=store)
    return operation


def deleted_stores(member: Member) -> QuerySet[DataStore]:
    """Return the organization's deleted stores that can still be brought back, latest first."""
    gone = DataStore.objects.filter(organization_id=member.organization_id, state=DataStore.State.DELETED)
    kept = gone.filter(archive__keep_until__gt=timezone.now()).select_related("archive", "plan", "region__site")
    secrets = ("archive__key", "archive__kept_password", "admin_password", "next_admin_password")
    return kept.defer(*secrets).order_by("-deleted_at")


def restore_deleted(*, actor: Actor, member: Member, store: DataStore) -> DataStore:
    """Bring a deleted store back from its archive: under its name, with its super admin's password and all its logins,
    and at its port where nobody has that by now.

    Raises :class:`Refusal` where its archive is gone, and as ``create_store`` does.
    """
    archive = Archive.objects.filter(store=store, keep_until__gt=timezone.now()).first()
    kept = [backup for backup in archive.kept() if not backup.damaged] if archive else []
    if archive is None or not kept:
        raise Refusal(f"The archive of {store} is gone, so it can't be brought back.", "")
    memo = {"archive": archive.pk, "label": kept[-1].label, "port": archive.kept_port, "deleted": True}
    try:
        with transaction.atomic():
            back = write_store(
                member=member, engine=store.engine, name=store.name, region=store.region, plan=store.plan
            )
            _leave_standbys(back)
            back.admin_password, back.settings = archive.kept_password, store.settings
            back.save(update_fields=["admin_password", "settings"])
            open_operation("restore", store=back, requested_by=actor.name, memo=memo)
            record("store.brought_back", actor=actor, organization=member.organization, subject=back)
    except IntegrityError:
        raise name_taken(store.name) from None
    return back


def _leave_standbys(store: DataStore) -> None:
    """Restore the primary alone: the monitor adds the plan's standbys to a store that runs with fewer."""
    store.nodes.filter(role=Node.Role.STANDBY).delete()


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

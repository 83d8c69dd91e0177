"""Saving who may connect: the rows and the site's doors change together, or neither does."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from console.audit import Actor, record
from console.errors import Refusal
from datastores.models import AllowedNetwork, DataStore
from datastores.networks import Entry, difference, fingerprint, in_words
from datastores.sites.contract import AccessChange
from datastores.sites.registry import driver_of

LIST_LOCK = 0x616C_6C6F  # "allo": with the store, an advisory lock of the console's database


@dataclass(frozen=True)
class ListChanged:
    """Somebody else saved another list since this one was seen; nothing was done."""


def allow_list(store: DataStore) -> list[Entry]:
    """Return who may connect as saved, in the order of their entry."""
    return [Entry(row.network, row.note) for row in store.allowed_networks.order_by("pk")]


def set_allow_list(
    *, actor: Actor, store: DataStore, wanted: Sequence[Entry], seen: str
) -> AccessChange | ListChanged | None:
    """Save the list and put it into effect; clients that it still allows notice nothing.

    ``seen`` is the fingerprint of the list that the person changed. Returns None where the saved list says the
    same already. Raises :class:`Refusal` for a store that is being deleted and where the site did not take the list.
    """
    try:
        return _set(actor, store, wanted, seen)
    except Refusal:
        with contextlib.suppress(Refusal), transaction.atomic():
            driver_of(store).apply_allow_list(store)  # the site may have taken a part; the rows are the old ones again
        raise


@transaction.atomic
def _set(actor: Actor, store: DataStore, wanted: Sequence[Entry], seen: str) -> AccessChange | ListChanged | None:
    _lock_list(store)
    before = allow_list(store)
    if fingerprint(before) == fingerprint(wanted):
        return None
    if fingerprint(before) != seen:
        return ListChanged()
    _refuse_a_leaving(store)
    _save(store, before, wanted)
    applied = driver_of(store).apply_allow_list(store)
    record(
        "store.networks_changed",
        actor=actor,
        organization=store.organization,
        subject=store,
        before=in_words(before),
        after=in_words(wanted),
        connections_cut=applied.cut,
    )
    return applied


def _lock_list(store: DataStore) -> None:
    """Let one change of a store's list follow another. Not the store's row: its operations hold that one while they
    wait for the edge's lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LIST_LOCK, str(store.pk)])


def _refuse_a_leaving(store: DataStore) -> None:
    state = DataStore.objects.values_list("state", flat=True).get(pk=store.pk)
    if state in {DataStore.State.DELETING, DataStore.State.DELETED}:
        raise Refusal(f"{store} is being deleted, so its allow list stays as it is.", "Nothing needs to be done.")


def _save(store: DataStore, before: Sequence[Entry], wanted: Sequence[Entry]) -> None:
    """Change only the rows that differ, so that the others keep when they were added."""
    changes = difference(before, wanted)
    rows = AllowedNetwork.objects.filter(store=store)
    rows.filter(network__in=[entry.network for entry in changes.removed]).delete()
    for entry in changes.renoted:
        rows.filter(network=entry.network).update(note=entry.note)
    AllowedNetwork.objects.bulk_create(
        AllowedNetwork(store=store, network=entry.network, note=entry.note) for entry in changes.added
    )

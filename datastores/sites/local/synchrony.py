"""Keeps rows and primary agreed on which standbys a write waits for, in the order that ``succession`` prescribes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.utils import timezone

from console.audit import Actor, record
from datastores.models import DataStore, Node
from datastores.sites.local.engine import Place
from datastores.sites.local.engines import replicating_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.places import place_of
from datastores.sites.local.replication import NotAnswering, Replicating, Standing
from datastores.succession import Change, Count, Mark, Resume, Suspend, Tell, Waiting, next_change

PRIMARY_LOCK = 0x7072_696D  # "prim": with a store's own number, an advisory lock of the console's database
PAUSE_SECONDS = 0.01
MONITOR = Actor(label="monitor")


class PrimaryChanged(Exception):  # noqa: N818 - it tells, it does not accuse
    """The store has another primary by now, or is about to."""


@dataclass
class View:
    """One store's nodes as rows and places."""

    store: DataStore
    primary: Node
    standbys: dict[str, Node]
    replication: Replicating
    place: Place
    marks: dict[frozenset[str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, store: DataStore) -> View:
        """Read the rows. Raises PrimaryChanged where there is no primary that serves."""
        home = machine().home
        fresh = DataStore.objects.select_related("plan", "region__site").get(pk=store.pk)
        nodes = list(fresh.nodes.exclude(port=None).exclude(state=Node.State.FENCED).order_by("number"))
        primary = next((node for node in nodes if node.role == Node.Role.PRIMARY), None)
        if primary is None:
            raise PrimaryChanged
        return cls(
            store=fresh,
            primary=primary,
            standbys={place_of(node, home).name: node for node in nodes if node.role == Node.Role.STANDBY},
            replication=replicating_engine(fresh),
            place=place_of(primary, home),
        )


@contextmanager
def primary_lock(store: DataStore) -> Iterator[None]:
    """Keep others from changing which node is the primary and for whom it waits. Held by the session, not a transaction:
    rows are committed one by one meanwhile."""
    keys = [PRIMARY_LOCK, _number(store)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", keys)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", keys)


def lock_primary(store: DataStore) -> None:
    """The same until the surrounding transaction ends, for steps of procedures."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [PRIMARY_LOCK, _number(store)])


def converge(store: DataStore, seconds: float = 2.0) -> bool:
    """Make changes one by one until rows and primary are as they should be; False where that takes longer.

    Raises NotAnswering where the primary does not answer, PrimaryChanged where there is none.
    """
    with primary_lock(store):
        view = View.of(store)
        if view.replication.asynchronous:
            return True
        deadline = time.monotonic() + seconds
        while (change := next_change(_waiting(view, view.replication.standing(view.place)))) is not None:
            _make(view, change)
            if time.monotonic() > deadline:
                return False
        return True


def is_settled(view: View, standing: Standing) -> bool:
    """Whether rows and primary are as they should be, by what was read and said. It permits to leave things as they are;
    what is to be changed is decided anew, under the lock. Raises NotAnswering where the primary takes no writes."""
    return view.replication.asynchronous or next_change(_waiting(view, standing)) is None


def _waiting(view: View, standing: Standing) -> Waiting:
    if not standing.writable:
        raise NotAnswering("The primary takes no writes.")
    near = standing.position - view.replication.close_enough
    return Waiting(
        counted=frozenset(name for name, node in view.standbys.items() if node.counted),
        suspended=view.store.guarantee_suspended_since is not None,
        told=standing.told,
        able=frozenset(
            name
            for name, follower in standing.followers.items()
            if _is_up(view, name) and (name in standing.told or follower.position >= near)
        ),
        position=standing.position,
        confirmed={name: follower.position for name, follower in standing.followers.items()},
        mark=view.marks.get(standing.told),
    )


def _is_up(view: View, name: str) -> bool:
    """Whether a connected standby is one of the store's, and not one that was seen to hang."""
    return name in view.standbys and view.standbys[name].state == Node.State.UP


def _make(view: View, change: Change) -> None:
    match change:
        case Tell(names):
            view.marks.clear()
            view.replication.set_synchronous(view.place, sorted(names))
            time.sleep(PAUSE_SECONDS)  # the server reads its settings in its own time; the next look sees them
        case Mark():
            standing = view.replication.standing(view.place)
            view.marks[standing.told] = standing.position
        case Count(names):
            _count(view, names)
            time.sleep(PAUSE_SECONDS)
        case Suspend():
            _save(view, suspended=True)
        case Resume():
            _save(view, suspended=False)


def _count(view: View, names: frozenset[str]) -> None:
    with transaction.atomic():
        _check(view)
        for name, node in view.standbys.items():
            node.counted = name in names
            node.save(update_fields=["counted"])


def _save(view: View, *, suspended: bool) -> None:
    """Save, with an audit event, whether each acknowledged write is on two nodes."""
    store = view.store
    with transaction.atomic():
        _check(view)
        suspend(store) if suspended else _resume(store)
    for node in view.standbys.values():
        node.counted = node.counted and not suspended


def suspend(store: DataStore) -> None:
    """Save that the primary alone acknowledges writes from now on; the moment of an earlier suspension stays.

    Where standbys confirm afterwards anyway, there is no guarantee that could be suspended.
    """
    Node.objects.filter(store=store).update(counted=False)
    if store.guarantee_suspended_since is None and not replicating_engine(store).asynchronous:
        store.guarantee_suspended_since = timezone.now()
        store.save(update_fields=["guarantee_suspended_since"])
        record("store.guarantee_suspended", actor=MONITOR, organization=store.organization, subject=store)


def _resume(store: DataStore) -> None:
    store.guarantee_suspended_since = None
    store.save(update_fields=["guarantee_suspended_since"])
    record("store.guarantee_resumed", actor=MONITOR, organization=store.organization, subject=store)


def _check(view: View) -> None:
    """Hold the store's row, and refuse to save what was measured of a node that is no longer the primary."""
    DataStore.objects.select_for_update().get(pk=view.store.pk)
    mine = Node.objects.filter(pk=view.primary.pk, role=Node.Role.PRIMARY).exclude(state=Node.State.FENCED)
    if not mine.exists():
        raise PrimaryChanged


def _number(store: DataStore) -> int:
    return int.from_bytes(store.pk.bytes[:4], "big", signed=True)

"""A round of a store at rest: where the rows leave nothing to be done, its servers are only asked whether it is so.

Nothing is decided by it. Whatever differs is left to a whole round, which reads the rows and asks anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from datastores.models import DataStore, Node
from datastores.sites.local.engines import replicating_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.monitor.said import Said, is_whole
from datastores.sites.local.places import place_of
from datastores.sites.local.replication import NotAnswering, Standing
from datastores.sites.local.synchrony import View, is_settled

SAVED_EVERY = timedelta(seconds=15)  # a look that found what was found before is saved so often, for the page


def is_at_rest(nodes: Sequence[Said]) -> bool:
    """Whether rows and servers agree that nothing is to be done. True only if each server has said so now."""
    if not is_whole(nodes):
        return False
    view, now = _view(nodes), timezone.now()
    try:
        standing = view.replication.standing(view.place)
        if not is_settled(view, standing):
            return False
        agreed = all(_is_as_saved(view, name, standing) for name in view.standbys)
    except NotAnswering:
        return False
    if agreed:
        _save(view, now)
    return agreed


def _view(nodes: Sequence[Said]) -> View:
    home = machine().home
    store = DataStore(pk=nodes[0].store, engine=nodes[0].engine)
    primary = next(_node(said) for said in nodes if said.role == Node.Role.PRIMARY)
    standbys = [_node(said) for said in nodes if said.role == Node.Role.STANDBY]
    return View(
        store=store,
        primary=primary,
        standbys={place_of(node, home).name: node for node in standbys},
        replication=replicating_engine(store),
        place=place_of(primary, home),
    )


def _node(said: Said) -> Node:
    return Node(
        pk=said.node,
        port=said.port,
        role=said.role,
        state=said.state,
        counted=said.counted,
        lag_bytes=said.lag_bytes,
        lag_seconds=said.lag_seconds,
        measured_at=said.measured_at,
    )


def _is_as_saved(view: View, name: str, ahead: Standing) -> bool:
    """Whether a standby follows, exactly as far behind as its row says. ``ahead``: the primary just before; in a store that
    is written to the standby is farther by now, so it is measured in a whole round."""
    node = view.standbys[name]
    said = ahead.said.get(name) or view.replication.standing(place_of(node, machine().home))
    lag = ahead.position - said.applied
    return said.following and (lag, said.lag_seconds) == (node.lag_bytes, node.lag_seconds)


def _save(view: View, now: datetime) -> None:
    """Save when it was looked at, where that has not been done for a while and nobody has saved otherwise since."""
    old = [node for node in view.standbys.values() if node.measured_at is None or now - node.measured_at > SAVED_EVERY]
    if old:
        standbys = Node.objects.filter(pk__in=[node.pk for node in old], role=Node.Role.STANDBY, following=True)
        standbys.update(measured_at=now)

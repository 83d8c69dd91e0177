"""Looks after the redundancy of a store with standbys: who counts, who reads, which node must be replaced."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.utils import timezone

from console.errors import Refusal
from datastores.models import DataStore, Node
from datastores.models.store import SHOULD_RUN
from datastores.operations.opening import open_operation
from datastores.sites.local.edge import EdgeError
from datastores.sites.local.engines import replicating_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.monitor import news
from datastores.sites.local.parting import surplus_of
from datastores.sites.local.places import place_of
from datastores.sites.local.readers import lead_readers
from datastores.sites.local.replication import NotAnswering, Standing
from datastores.sites.local.synchrony import MONITOR, PrimaryChanged, converge
from datastores.succession import missing, readers

log = logging.getLogger(__name__)
GONE_AFTER = timedelta(seconds=10)  # a standby that has been down for so long does not come back by itself
# A standby that runs and does not follow: its source no longer has the log that it needs, or it has another history.
SILENT_AFTER = timedelta(seconds=60)
# After a replacement that failed the next one waits, so that a full disk is not filled again and again.
REPLACE_EVERY = timedelta(minutes=2)
_lost_touch: dict[uuid.UUID, datetime] = {}  # since when a standby was not seen to follow, in this process


def look_after(store: DataStore) -> None:
    """Make one round; what can't be done now is done in the next one."""
    store = DataStore.objects.select_related("plan", "region__site", "organization").get(pk=store.pk)
    if store.state not in SHOULD_RUN or not _has_standbys(store):
        return
    try:
        converge(store)
        measure_replication(store)
    except (NotAnswering, PrimaryChanged):
        return  # the primary's failure is somebody else's business
    store.refresh_from_db(fields=["guarantee_suspended_since"])
    news.tell_guarantee(store)
    spread_reads(store)
    restore_redundancy(store)


def _has_standbys(store: DataStore) -> bool:
    """Whether it should have some, or has some that a change of plan makes or left over."""
    return store.plan.node_count > 1 or store.nodes.filter(role=Node.Role.STANDBY).exists()


def measure_replication(store: DataStore) -> None:
    """Save what each standby says of itself, against the primary's position."""
    replication, home, now = replicating_engine(store), machine().home, timezone.now()
    nodes = list(store.nodes.exclude(port=None).exclude(state__in=(Node.State.FENCED, Node.State.JOINING)))
    standings = {node.pk: _standing(node) for node in nodes if node.role == Node.Role.STANDBY}
    primary = next((node for node in nodes if node.role == Node.Role.PRIMARY), None)
    if primary is None or not standings:
        return
    ahead = replication.standing(place_of(primary, home)).position
    for node in nodes:
        standing = standings.get(node.pk)
        if node.pk not in standings:
            continue
        following = standing is not None and standing.following
        if following:
            _lost_touch.pop(node.pk, None)
        else:
            _lost_touch.setdefault(node.pk, now)
        Node.objects.filter(pk=node.pk, role=Node.Role.STANDBY).update(
            following=following,
            lag_bytes=max(0, ahead - standing.applied) if standing else None,
            lag_seconds=standing.lag_seconds if standing else None,
            measured_at=now,
        )
        if following and node.state == Node.State.DOWN:
            node.set_state(Node.State.UP)


def spread_reads(store: DataStore) -> None:
    """Have the reader endpoint lead to the standbys that keep up; to the primary where none does."""
    nodes = list(store.nodes.exclude(port=None).exclude(state=Node.State.FENCED))
    standbys = {str(node.number): node for node in nodes if node.role == Node.Role.STANDBY}
    lags = {name: node.lag_seconds if node.following else None for name, node in standbys.items()}
    ports = [standbys[name].port for name in readers(lags)]
    ports = ports or [node.port for node in nodes if node.role == Node.Role.PRIMARY]
    try:
        lead_readers(store, [port for port in ports if port is not None])
    except EdgeError as error:
        log.warning("The reader endpoint of %s could not follow: %s", store.pk, error.sentence)


def restore_redundancy(store: DataStore) -> None:
    """Open what brings the plan's node count back, one at a time."""
    if store.running_operation() is not None:
        return
    kind, memo = _wanted(store)
    recent = store.operations.filter(kind=kind, created_at__gt=timezone.now() - REPLACE_EVERY, state="failed")
    if not kind or recent.exists():
        return
    try:
        open_operation(kind, store=store, requested_by=MONITOR.name, memo=memo)
    except Refusal:  # something else has begun in between
        log.info("%s of %s waits.", kind, store.pk)


def _wanted(store: DataStore) -> tuple[str, dict[str, str]]:
    if surplus_of(store):
        return "remove_standby", {}
    nodes = list(store.nodes.order_by("number"))
    for node in nodes:
        gone = node.state == Node.State.DOWN and timezone.now() - node.state_since > GONE_AFTER
        silent = timezone.now() - _lost_touch.get(node.pk, timezone.now()) > SILENT_AFTER
        if node.role == Node.Role.STANDBY and (node.is_fenced or gone or silent):
            return "replace_node", {"lost": str(node.pk)}
        if node.state == Node.State.JOINING:  # left by an operation that ended
            return "replace_node", {"lost": str(node.pk)}
    return ("add_standby", {}) if missing(store.plan.node_count, (str(node.pk) for node in nodes)) else ("", {})


def _standing(node: Node) -> Standing | None:
    try:
        return replicating_engine(node.store).standing(place_of(node, machine().home))
    except NotAnswering:
        return None

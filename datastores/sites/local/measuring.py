"""Measuring whether a client can log in: the evidence behind "Running" and "Not answering"."""

from __future__ import annotations

import logging

from django.db import DatabaseError, transaction
from django.utils import timezone

from datastores.models import DataStore, Node
from datastores.operations.news import tell_silence
from datastores.sites.local.access import log_in
from datastores.sites.local.addresses import sync_edge
from datastores.sites.local.engine import ProbeFailure
from datastores.sites.local.machine import machine
from datastores.sites.local.nodes import unblock_node

log = logging.getLogger(__name__)
State = DataStore.State


def measure_all() -> None:
    """Measure every store of this machine that should run and that no operation works on.

    Where one does not answer, the edge is compared with its rows: after a restart of its own it may lack a change.
    """
    stores = DataStore.objects.filter(
        state__in=(State.RUNNING, State.UNREACHABLE),
        region__site__kind="local",
    ).select_related("slot")
    answers = [_answers(store) for store in stores]
    if not all(answers):
        sync_edge(machine())


def _answers(store: DataStore) -> bool:
    """Measure one store; one that can't be measured, such as one just deleted, must not keep the others from it."""
    try:
        return measure(store)
    except DatabaseError:  # the console's own: no store could be measured
        raise
    except Exception:
        log.exception("%s could not be measured.", store.pk)
        return True


def _unblock(store: DataStore, node: Node) -> None:
    """Help a server that can't start by itself, unless an operation works on it or it was fenced.

    The store's row is held meanwhile: a failover that begins waits, and then fences what was started.
    """
    with transaction.atomic():
        DataStore.objects.select_for_update().get(pk=store.pk)
        node.refresh_from_db()
        if store.running_operation() is None and not node.is_fenced:
            unblock_node(machine(), node)


def measure(store: DataStore) -> bool:
    """Log in once, as a client does; save state and evidence, unless an operation has begun meanwhile."""
    node = store.nodes.get(role=Node.Role.PRIMARY)
    try:
        evidence = log_in(store, node)
        state = State.RUNNING
    except ProbeFailure as failure:
        evidence, state = str(failure), State.UNREACHABLE
        _unblock(store, node)
    now = timezone.now()
    untouched = DataStore.objects.filter(pk=store.pk, state=store.state).exclude(
        operations__state__in=("waiting", "running")
    )
    changed = {"state": state, "state_since": now} if state != store.state else {}
    saved = untouched.update(evidence=evidence[:200], evidence_at=now, **changed)
    if saved and changed and state == State.UNREACHABLE:
        tell_silence(store, evidence)
    return state == State.RUNNING

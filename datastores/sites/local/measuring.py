"""Measuring whether a client can log in: the evidence behind "Running" and "Not answering"."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Case, QuerySet, Value, When
from django.utils import timezone

from datastores.models import DataStore, Node, Operation
from datastores.operations.news import tell_silence
from datastores.sites.local.access import Door, door_of, knock, knock_again, log_in
from datastores.sites.local.addresses import sync_edge
from datastores.sites.local.engine import ProbeFailure
from datastores.sites.local.machine import machine
from datastores.sites.local.nodes import unblock_node

log = logging.getLogger(__name__)
State = DataStore.State
# Logins at once. Each that hangs takes three seconds.
AT_ONCE = 8
LONGEST_EVIDENCE = 200  # in the column
SAVE_SECONDS = 0.1  # what answers within this long is saved in one statement


def measure_all() -> None:
    """Measure every store of this machine that should run and that no operation works on.

    Several at once: a server that hangs takes seconds, and must not keep the others waiting. Only the logins are made
    in threads; rows are read before and written after them, here. Where one does not answer, the edge is compared
    with its rows: after a restart of its own it may lack a change.
    """
    stores = (
        DataStore.objects.filter(state__in=(State.RUNNING, State.UNREACHABLE), region__site__kind="local")
        .select_related("slot")
        .prefetch_related("nodes", "allowed_networks")
    )
    answered = True
    with ThreadPoolExecutor(AT_ONCE) as threads:
        logins = {threads.submit(knock, door): (store, node, door) for store, node, door in _doors(stores)}
        while logins:
            now = timezone.now()
            usual: dict[UUID, str] = {}
            for tried in wait(logins, SAVE_SECONDS).done:
                store, node, door = logins.pop(tried)
                if store.state == State.RUNNING and tried.exception() is None:
                    usual[store.pk] = tried.result()
                else:
                    answered &= _answers(store, node, partial(_outcome, store, door, tried))
            _save_usual(usual, now)
    if not answered:
        sync_edge(machine())


def _doors(stores: Iterable[DataStore]) -> Iterator[tuple[DataStore, Node, Door]]:
    for store in stores:
        try:
            node = next(node for node in store.nodes.all() if node.role == Node.Role.PRIMARY)
            yield store, node, door_of(store, node)
        except DatabaseError:  # the console's own: no store could be measured
            raise
        except Exception:  # such as of one just deleted
            log.exception("%s could not be measured.", store.pk)


def _save_usual(evidence: Mapping[UUID, str], now: datetime) -> None:
    """Save the evidence of stores that run as they did, in one statement."""
    if evidence:
        cases = [When(pk=pk, then=Value(sentence[:LONGEST_EVIDENCE])) for pk, sentence in evidence.items()]
        _untouched(evidence, State.RUNNING).update(evidence=Case(*cases), evidence_at=now)


def _outcome(store: DataStore, door: Door, login: Future[str]) -> str:
    try:
        return login.result()
    except ProbeFailure as failure:
        return knock_again(store, door, failure)


def _answers(store: DataStore, node: Node, log_in: Callable[[], str]) -> bool:
    """Save what a login came to; a store that can't be measured must not keep the others from it."""
    try:
        return _save(store, node, log_in)
    except DatabaseError:
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
    return _save(store, node, lambda: log_in(store, node))


def _save(store: DataStore, node: Node, log_in: Callable[[], str]) -> bool:
    try:
        evidence = log_in()
        state = State.RUNNING
    except ProbeFailure as failure:
        evidence, state = str(failure), State.UNREACHABLE
        _unblock(store, node)
    now = timezone.now()
    changed = {"state": state, "state_since": now} if state != store.state else {}
    saved = _untouched([store.pk], store.state).update(evidence=evidence[:LONGEST_EVIDENCE], evidence_at=now, **changed)
    if saved and changed and state == State.UNREACHABLE:
        tell_silence(store, evidence)
    return state == State.RUNNING


def _untouched(stores: Iterable[UUID], state: str) -> QuerySet[DataStore]:
    """Return those that are still in this state and that no operation works on."""
    return DataStore.objects.filter(pk__in=stores, state=state).exclude(pk__in=Operation.objects.busy_stores())

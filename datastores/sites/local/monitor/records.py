"""The row of a failure that was noticed: opened at once, so that the canary has something to write to."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from console.audit import record
from datastores.models import DataStore, Failover, Node, Operation
from datastores.operations import registry
from datastores.operations.opening import cancel, open_operation
from datastores.sites.local import phases
from datastores.sites.local.monitor.facts import Failure, FailureKind
from datastores.sites.local.synchrony import MONITOR

Kind = Failover.Kind
FAILED_OVER: Final = {
    FailureKind.EXIT: Kind.FAILOVER,
    FailureKind.HANG: Kind.FAILOVER_HANG,
    FailureKind.DATA_LOST: Kind.FAILOVER_DATA,
}
RESTARTED: Final = {Kind.FAILOVER_HANG: Kind.RESTART_HANG}
DRILL_AGE = timedelta(seconds=60)


def open_row(node: Node, failure: Failure) -> Failover:
    """Return the row of the drill that made the node fail, or a new one."""
    return _drill_of(node.store) or _new_row(node, failure)


def _drill_of(store: DataStore) -> Failover | None:
    recent = Failover.objects.filter(store=store, finished_at=None, began_at__gt=timezone.now() - DRILL_AGE)
    return recent.filter(kind__in=Failover.DRILLS).first()


def _new_row(node: Node, failure: Failure, operation: Operation | None = None) -> Failover:
    return Failover.objects.create(
        store=node.store,
        operation=operation,
        kind=FAILED_OVER[failure.kind],
        cause=failure.sentence,
        old_primary=f"Node {node.number}",
        began_at=datetime.fromtimestamp(failure.at, tz=UTC),
    )


@transaction.atomic
def open_fail_over(
    key: uuid.UUID, row: Failover | None, failure: Failure, noticed: float, wanted: Callable[[Node], bool]
) -> Failover | None:
    """Fence the node in the rows and open the operation, together; None while other work must be let end first, and
    where the node is no primary any more or a failover is not ``wanted``.

    ``row``: the failure's, where it has one already. Clients wait for what is asked here, so it is asked in as few
    queries as possible.
    """
    facts = Node.objects.select_related("store__region__site", "store__plan", "store__organization")
    node = facts.select_for_update(of=("store",)).filter(pk=key).first()
    if node is None or not wanted(node):
        return None
    primary = Node.objects.filter(pk=key, role=Node.Role.PRIMARY).exclude(state=Node.State.FENCED)
    fenced = primary.update(state=Node.State.FENCED, state_since=timezone.now())
    if not fenced or not make_way(node.store):
        transaction.set_rollback(True)
        return None
    row = row or _drill_of(node.store)
    failed = min(failure.at if row is None else row.began_at.timestamp(), noticed)
    memo = {
        "node": str(node.pk),
        "data_lost": failure.kind == FailureKind.DATA_LOST,
        "phases": {"failed": failed, "detect": noticed},
    }
    operation = open_operation("fail_over", store=node.store, requested_by=MONITOR.name, memo=memo, hold=True)
    if row is None:
        row = _new_row(node, failure, operation)
    else:
        row.operation = operation
        row.save(update_fields=["operation"])
    organization = node.store.organization
    record("store.failed_over", actor=MONITOR, organization=organization, subject=node.store, cause=failure.sentence)
    return row


def make_way(store: DataStore) -> bool:
    """End what works on a store whose row is held, if it gives way; False where it must be let end first."""
    running = store.running_operation()
    if running is None:
        return True
    procedure = registry.procedure_of(running)
    if not procedure.gives_way():
        return False
    cancel(running, because=procedure.gave_way)
    return True


def give_up(row: Failover) -> None:
    """Save that nobody served after all that the monitor does by itself; what is done later has a row of its own."""
    Failover.objects.filter(pk=row.pk, operation=None, finished_at=None).update(
        succeeded=False, finished_at=timezone.now()
    )


def close_restarted(row: Failover, noticed: float) -> None:
    """Save that the primary came back in place."""
    kind = row.kind if row.kind in Failover.DRILLS else RESTARTED.get(Kind(row.kind), Kind.RESTART)
    Failover.objects.filter(pk=row.pk).update(
        kind=kind,
        succeeded=True,
        lossless=True,
        new_primary=row.old_primary,
        finished_at=timezone.now(),
        **phases.milliseconds({"failed": min(row.began_at.timestamp(), noticed), "detect": noticed}),
    )

"""The row of a failure that was noticed: opened at once, so that the canary has something to write to."""

from __future__ import annotations

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
    drill = Failover.objects.filter(
        store=node.store, kind__in=Failover.DRILLS, finished_at=None, began_at__gt=timezone.now() - DRILL_AGE
    ).first()
    if drill is not None:
        return drill
    return Failover.objects.create(
        store=node.store,
        kind=FAILED_OVER[failure.kind],
        cause=failure.sentence,
        old_primary=f"Node {node.number}",
        began_at=datetime.fromtimestamp(failure.at, tz=UTC),
    )


@transaction.atomic
def open_fail_over(node: Node, row: Failover, failure: Failure, noticed: float) -> Operation | None:
    """Fence the node in the rows and open the operation, together; None while other work must be let end first."""
    store = DataStore.objects.locked(node.store)
    node = Node.objects.select_for_update(of=("self",)).get(pk=node.pk)
    if node.role != Node.Role.PRIMARY or node.is_fenced:
        return None
    if not make_way(store):
        return None
    node.set_state(Node.State.FENCED)
    memo = {
        "node": str(node.pk),
        "data_lost": failure.kind == FailureKind.DATA_LOST,
        "phases": {"failed": min(row.began_at.timestamp(), noticed), "detect": noticed},
    }
    operation = open_operation("fail_over", store=store, requested_by=MONITOR.name, memo=memo, hold=True)
    Failover.objects.filter(pk=row.pk).update(operation=operation)
    record("store.failed_over", actor=MONITOR, organization=store.organization, subject=store, cause=failure.sentence)
    return operation


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

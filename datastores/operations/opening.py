"""Opening, retrying and cancelling operations: rows first, the doorbell after the commit."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from console.errors import Refusal
from datastores.models import DataStore, Operation
from datastores.operations import doorbell, registry
from datastores.operations.procedure import Procedure

BUSY = "Something else is being done with this data store right now."
SUPERSEDED = "This operation can't be retried: something else was done with the data store since it failed."


def open_operation(
    kind: str, *, store: DataStore, requested_by: str, memo: dict[str, Any] | None = None, hold: bool = False
) -> Operation:
    """Write the operation and ring the doorbell when the surrounding transaction commits.

    ``hold``: claim it as well, for a caller that runs it at once (``runner.go_on``); then nobody is rung for.
    Raises :class:`Refusal` while another operation works on the store: the database itself allows one at a time.
    """
    procedure = registry.find(kind, store.region.site.kind)
    now = timezone.now()
    held: dict[str, Any] = {}
    if hold:
        held = {
            "state": Operation.State.RUNNING,
            "lease": uuid.uuid4(),
            "lease_until": now + procedure.lease,
            "attempts": 1,
        }
    try:
        with transaction.atomic():
            operation = Operation.objects.create(
                store=store,
                kind=kind,
                background=procedure.background,
                step=procedure.first,
                memo=memo or {},
                requested_by=requested_by,
                sentence=f"{procedure.label(procedure.first)} …",
                deadline=now + procedure.time_limit,
                **held,
            )
    except IntegrityError:
        raise Refusal(BUSY, "Wait until it is finished, then try again.") from None
    enter_step(operation, procedure)
    if not hold:
        transaction.on_commit(lambda: doorbell.ring(operation.pk))
    return operation


def enter_step(operation: Operation, procedure: type[Procedure]) -> None:
    """Begin a line of the timeline for the operation's current step."""
    operation.steps.create(name=operation.step, label=procedure.label(operation.step))


def retry(operation: Operation) -> None:
    """Let a failed operation go on with the step that failed, with fresh attempts and a fresh deadline.

    Raises :class:`Refusal` where it has not failed, where another works on the store, and where something was done
    with the store since: what its memo and the store's row held for it (such as the next password) is gone or old.
    """
    procedure = type(registry.procedure_of(operation))
    now = timezone.now()
    since = operation.store.operations.foreground() if operation.store else Operation.objects.none()
    if since.filter(created_at__gt=operation.created_at).exists():
        raise Refusal(SUPERSEDED, "Ask for the same again from the data store's page.")
    try:
        with transaction.atomic():
            revived = Operation.objects.filter(pk=operation.pk, state=Operation.State.FAILED).update(
                state=Operation.State.WAITING,
                attempts=0,
                due_at=now,
                deadline=now + procedure.time_limit,
                finished_at=None,
                remedy="",
                sentence=f"{procedure.label(operation.step)} …",
            )
    except IntegrityError:
        raise Refusal(BUSY, "Wait until it is finished, then try again.") from None
    if not revived:
        raise Refusal("This operation can't be retried: it has not failed.", "Reload the page to see its state.")
    enter_step(operation, procedure)
    transaction.on_commit(lambda: doorbell.ring(operation.pk))


def take_over(operation: Operation) -> None:
    """Let an active operation that is late or stuck go on at once, with fresh attempts and a fresh deadline.

    A lease that somebody holds stays: its step ends, or the lease runs out within seconds, and then the next worker
    goes on. So nothing ever runs twice at the same time. Raises :class:`Refusal` where the operation has ended.
    """
    procedure = type(registry.procedure_of(operation))
    now = timezone.now()
    taken = (
        Operation.objects.active()
        .filter(pk=operation.pk)
        .update(attempts=0, due_at=now, deadline=now + procedure.time_limit)
    )
    if not taken:
        raise Refusal("This operation can't be taken over: it has ended.", "Reload the page to see how.")
    transaction.on_commit(lambda: doorbell.ring(operation.pk))


def cancel(operation: Operation, *, because: str) -> None:
    """End an active operation where it stands; a worker that holds its lease finds that it lost it.

    ``lease_until`` stays: until then its step may still be running, which a deletion waits for.
    """
    now = timezone.now()
    cancelled = (
        Operation.objects.active()
        .filter(pk=operation.pk)
        .update(
            state=Operation.State.CANCELLED,
            lease=None,
            finished_at=now,
            sentence=because,
        )
    )
    if not cancelled:
        raise Refusal("This operation can't be cancelled: it has ended.", "Reload the page to see how.")
    operation.steps.filter(ended_at=None).update(ended_at=now, failed=True, sentence=because)

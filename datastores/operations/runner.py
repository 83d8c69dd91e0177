"""The runner: claims an operation, runs its steps, and records each outcome together with what the step saved.

Invariants
- An operation is run by the holder of its lease only: claiming is one conditional UPDATE, and an outcome is
  recorded by an UPDATE that names the lease. A worker that lost its lease changes nothing in the database.
- Attempts count up on the claim, so a step that kills its worker each time ends as a failure, not as a loop.
- The outcome and the step's own rows commit together. A step may run twice, never half.
- A worker that goes on with the next step keeps the lease: the outcome that leads there renews it, as a claim would.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import timedelta

from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone

from console.errors import Refusal
from datastores.models import Operation
from datastores.operations import registry
from datastores.operations.news import tell_failure
from datastores.operations.opening import enter_step
from datastores.operations.outcomes import Done, Fail, Goto, Outcome, Wait
from datastores.operations.procedure import Procedure

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 6
LONGEST_WORDS = 300  # of a sentence or a remedy, in the columns
TURN_SECONDS = 10.0  # a worker gives an operation back after this long, so that others get their turn
TRY_AGAIN = "Retry when the cause is gone; nothing is lost by retrying."


class LeaseLost(Exception):  # noqa: N818 - it tells, it does not accuse
    """Somebody else may hold the operation now; what this worker did in its transaction is rolled back."""


def claim(operation_id: uuid.UUID) -> Operation | None:
    """Take the lease of a due operation and count the attempt, in one UPDATE; None where there is nothing to take."""
    lease, now = uuid.uuid4(), timezone.now()
    due = Operation.objects.due().filter(pk=operation_id).values_list("kind", "store__region__site__kind").first()
    if due is None:
        return None
    taken = (
        Operation.objects.due()
        .filter(pk=operation_id)
        .update(
            lease=lease,
            lease_until=now + registry.find(due[0], due[1] or registry.NO_SITE).lease,
            attempts=F("attempts") + 1,
            state=Operation.State.RUNNING,
        )
    )
    return _held(operation_id, lease) if taken else None


def _held(operation_id: uuid.UUID, lease: uuid.UUID | None) -> Operation | None:
    facts = Operation.objects.select_related("store__region__site", "store__plan", "store__organization")
    return facts.filter(pk=operation_id, lease=lease).first()


def run(operation_id: uuid.UUID) -> bool:
    """Run the operation's steps until it waits, ends, or has had its turn; False where it was not this caller's to run."""
    operation = claim(operation_id)
    _go_on(operation)
    return operation is not None


def go_on(operation: Operation) -> None:
    """Do the same with an operation that was just opened with a lease (``open_operation(hold=True)``): as it is."""
    if Operation.objects.filter(pk=operation.pk, lease=operation.lease).exists():
        _go_on(operation)


def _go_on(operation: Operation | None) -> None:
    ends = time.monotonic() + TURN_SECONDS
    while operation is not None and isinstance(advance(operation, keep=True), Goto):
        if time.monotonic() > ends:
            Operation.objects.filter(pk=operation.pk, lease=operation.lease).update(
                lease=None, lease_until=None, attempts=0
            )
            return
        operation = _for_next_step(operation)


def _for_next_step(operation: Operation) -> Operation | None:
    """Return it with its rows read anew. The lease was renewed with the outcome a moment ago, so it need not be asked for."""
    if registry.procedure_of(operation).reads_anew:
        return _held(operation.pk, operation.lease)
    operation.attempts = 1
    return operation


def seconds_until_due(operation_id: uuid.UUID) -> float | None:
    """Return for how long an operation waits: 0 and less where it is due, None where it has ended or somebody holds it."""
    waiting = Operation.objects.active().filter(pk=operation_id, lease_until=None)
    due_at = waiting.values_list("due_at", flat=True).first()
    return None if due_at is None else (due_at - timezone.now()).total_seconds()


def advance(operation: Operation, *, keep: bool = False) -> Outcome | None:
    """Run one step of a claimed operation and record its outcome; None where the lease was lost or the database went away.

    ``keep``: where another step follows, its lease and first attempt are the caller's already.
    """
    procedure = registry.procedure_of(operation)
    extra = {"operation": operation.pk, "store": operation.store_id, "step": operation.step}
    outcome: Outcome | None
    try:
        if procedure.has_own_transactions(operation.step):
            outcome = _attempt(procedure)
            with transaction.atomic():
                _record(operation, procedure, outcome, keep=keep)
        else:
            with transaction.atomic():
                outcome = _attempt(procedure)
                _record(operation, procedure, outcome, keep=keep)
    except LeaseLost:
        log.warning("Lost the lease of %s; another worker goes on.", operation, extra=extra)
        return None
    except Refusal as refusal:
        outcome = _settle(operation, procedure, Fail(refusal.sentence, refusal.remedy or TRY_AGAIN))
    except DatabaseError:
        log.exception(
            "The console's database failed %s; its lease runs out and the step runs again.", operation, extra=extra
        )
        raise
    except Exception as error:
        log.exception("Step %s of %s failed; attempt %s.", operation.step, operation, operation.attempts, extra=extra)
        outcome = _settle(operation, procedure, _after_error(operation, procedure, error))
    return outcome


def _attempt(procedure: Procedure) -> Outcome:
    """Run the current step, unless its attempts or its time are used up."""
    operation = procedure.operation
    label = procedure.label(operation.step)
    if operation.attempts > MOST_ATTEMPTS:
        return Fail(f"“{label}” was tried {MOST_ATTEMPTS} times and did not succeed.", TRY_AGAIN)
    if timezone.now() > operation.deadline:
        return Fail(f"“{label}” was not finished in time.", TRY_AGAIN)
    return procedure.run(operation.step)


def _after_error(operation: Operation, procedure: Procedure, error: Exception) -> Outcome:
    """Back off after an unexpected error, or give up. Only the error's kind is shown: its text may hold a secret."""
    label = procedure.label(operation.step)
    if operation.attempts >= MOST_ATTEMPTS:
        return Fail(
            f"“{label}” failed {operation.attempts} times ({type(error).__name__}); the log has the details.", TRY_AGAIN
        )
    pause = min(0.5 * 2 ** (operation.attempts - 1), 10.0)
    return Wait(pause, f"{label}: trying again after a problem ({type(error).__name__}).", after_error=True)


def _settle(operation: Operation, procedure: Procedure, outcome: Outcome) -> Outcome | None:
    """Record an outcome whose step was rolled back."""
    operation.memo = Operation.objects.values_list("memo", flat=True).get(pk=operation.pk)
    try:
        with transaction.atomic():
            _record(operation, procedure, outcome)
    except LeaseLost:
        return None
    return outcome


def _record(operation: Operation, procedure: Procedure, outcome: Outcome, *, keep: bool = False) -> None:
    """Write the outcome as the holder of the lease, and the timeline with it."""
    now = timezone.now()
    changes: dict[str, object] = {"memo": operation.memo, "lease": None, "lease_until": None}
    match outcome:
        case Goto(step):
            changes |= {"step": step, "attempts": 0, "due_at": now, "sentence": f"{procedure.label(step)} …"}
            if keep:
                changes |= {"lease": operation.lease, "lease_until": now + procedure.lease, "attempts": 1}
        case Wait(seconds, sentence, after_error):
            changes |= {
                "due_at": now + timedelta(seconds=seconds),
                "sentence": sentence,
                "state": Operation.State.WAITING,
            }
            changes |= {} if after_error else {"attempts": 0}
        case Done(sentence):
            changes |= {"state": Operation.State.DONE, "finished_at": now, "sentence": sentence}
        case Fail(sentence, remedy):
            changes |= {"state": Operation.State.FAILED, "finished_at": now, "sentence": sentence, "remedy": remedy}
    for words in ("sentence", "remedy"):
        if words in changes:
            changes[words] = str(changes[words])[:LONGEST_WORDS]
    if isinstance(outcome, Fail):
        procedure.failed(outcome)  # the store's row before the operation's, the order in which a deletion locks them
    if not Operation.objects.filter(pk=operation.pk, lease=operation.lease).update(**changes):
        raise LeaseLost
    _write_timeline(operation, procedure, outcome)
    if isinstance(outcome, Fail):
        tell_failure(operation, procedure.title or operation.kind, outcome)


def _write_timeline(operation: Operation, procedure: Procedure, outcome: Outcome) -> None:
    """Close the current line where the step is over, and begin the next one."""
    line = operation.steps.filter(ended_at=None)
    if isinstance(outcome, Wait):
        line.update(sentence=outcome.sentence[:LONGEST_WORDS], attempts=operation.attempts)
        return
    sentence = "" if isinstance(outcome, Goto) else outcome.sentence[:LONGEST_WORDS]
    line.update(
        ended_at=timezone.now(), failed=isinstance(outcome, Fail), attempts=operation.attempts, sentence=sentence
    )
    if isinstance(outcome, Goto):
        operation.step = outcome.step
        enter_step(operation, type(procedure))

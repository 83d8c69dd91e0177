"""A running or ended operation as a timeline, with an estimate that earlier runs give."""

from __future__ import annotations

import hashlib
import statistics
from dataclasses import dataclass
from typing import Final

from console.templatetags.ui import duration
from datastores.models import Operation, OperationStep
from datastores.operations import registry
from datastores.presentation.timeline import TimelineStep

SAMPLE: Final = 20  # earlier runs that an estimate is made of


@dataclass(frozen=True)
class OperationView:
    """What the panel of an operation shows. ``version`` changes whenever the panel would look different."""

    operation: Operation
    title: str
    steps: list[TimelineStep]
    estimate: str
    version: str

    @property
    def active(self) -> bool:
        """Whether the panel must go on asking."""
        return self.operation.is_active

    @property
    def failed(self) -> bool:
        """Whether it ended without success."""
        return self.operation.state == Operation.State.FAILED


def view_of(operation: Operation) -> OperationView:
    """Return the panel of ``operation``: one query, one more for the estimate while it runs."""
    steps = list(operation.steps.all())
    return OperationView(
        operation=operation,
        title=title_of(operation),
        steps=[_line(operation, step) for step in steps],
        estimate=estimate_of(operation) if operation.is_active else "",
        version=_version(operation, steps),
    )


def title_of(operation: Operation) -> str:
    """Return what the operation does, in the words of its procedure."""
    procedure = type(registry.procedure_of(operation))
    return procedure.title or operation.kind.replace("_", " ").capitalize()


def estimate_of(operation: Operation) -> str:
    """Say how long such work takes."""
    return usual_time(operation.kind)


def usual_time(kind: str) -> str:
    """Say how long a kind of work takes: the median of the last 20 that succeeded; empty without one."""
    ended = Operation.objects.filter(kind=kind, state=Operation.State.DONE, finished_at__isnull=False)
    times = ended.order_by("-finished_at").values_list("created_at", "finished_at")[:SAMPLE]
    seconds = [(finished - created).total_seconds() for created, finished in times if finished]
    if not seconds:
        return ""
    median = duration(statistics.median(seconds))
    if len(seconds) == 1:
        return f"The run before took {median}."
    return f"Usually takes {median} (median of the last {len(seconds)} runs)."


def _line(operation: Operation, step: OperationStep) -> TimelineStep:
    """Return one line; the step that runs carries the sentence of now, the one that failed its remedy."""
    if step.failed:
        cancelled = operation.state == Operation.State.CANCELLED
        remedy = operation.remedy if operation.state == Operation.State.FAILED else ""
        state, word = ("attention", "cancelled") if cancelled else ("failed", "failed")
        return TimelineStep(step.label, state, word, step.sentence, step.began_at, step.seconds, remedy)
    if step.ended_at:
        return TimelineStep(step.label, "done", "done", step.sentence, step.began_at, step.seconds)
    if not operation.is_active:  # the work ended elsewhere; nothing turns that nobody turns
        return TimelineStep(step.label, "neutral", "left", step.sentence, step.began_at, None)
    return TimelineStep(step.label, "working", "under way", step.sentence, step.began_at, None)


def _version(operation: Operation, steps: list[OperationStep]) -> str:
    """Return a short mark of everything that the panel shows."""
    seen = [operation.state, operation.sentence, operation.remedy]
    seen += [f"{step.pk}{step.ended_at}{step.sentence}{step.failed}" for step in steps]
    return hashlib.sha256("|".join(seen).encode()).hexdigest()[:12]

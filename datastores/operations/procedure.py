"""A procedure: a class whose methods are the steps of one kind of operation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from datastores.models import DataStore, Operation
from datastores.operations.outcomes import Fail, Outcome

Step = Callable[[Any], Outcome]
StepType = TypeVar("StepType", bound=Step)


def step(label: str, *, own_transactions: bool = False) -> Callable[[StepType], StepType]:
    """Mark a method as a step; ``label`` is its line in the timeline, such as "Start the server".

    With ``own_transactions`` it runs outside of the transaction that records its outcome: for work whose rows must be
    committed before, not after, an effect. It commits them itself, and looks first as every step does.
    """

    def mark(method: StepType) -> StepType:
        method.label, method.own_transactions = label, own_transactions  # type: ignore[attr-defined]
        return method

    return mark


class Procedure:
    """One kind of long work. Each step observes before it acts, takes under ten seconds, and may be run again
    at any time: the process can die between any two lines, and then the same step runs once more.

    A step runs inside a transaction that also records its outcome, so what it saves and where it goes next
    become true together. Effects outside the database (processes, files, the edge) must therefore be
    idempotent: look first, then make it so.
    """

    kind: ClassVar[str]
    first: ClassVar[str]
    title: ClassVar[str] = ""
    background: ClassVar[bool] = False  # stands in nobody's way (see Operation.background)
    time_limit: ClassVar[timedelta] = timedelta(minutes=5)
    lease: ClassVar[timedelta] = timedelta(seconds=20)  # twice what a step may take; after it another worker goes on
    # Whether each step finds the store as it is then. Without, it is as it was at the first: for steps that clients wait for,
    # and that lock or read whatever else may change.
    reads_anew: ClassVar[bool] = True
    gave_way: ClassVar[str] = "Ended because the primary failed; it is done anew if it is still needed."

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.memo: dict[str, Any] = operation.memo

    @property
    def store(self) -> DataStore:
        """The data store that is worked on."""
        if self.operation.store is None:
            raise LookupError(f"{self.operation} has no data store")
        return self.operation.store

    def run(self, name: str) -> Outcome:
        """Run one step by its name."""
        method: Step = self.steps()[name]
        return method(self)

    def gives_way(self) -> bool:
        """Whether it may be ended at its present step when the primary fails; what it did is then taken back or asked for
        anew by itself. ``gave_way`` tells people."""
        return False

    def failed(self, failure: Fail) -> None:
        """Mark the objects when the operation fails, in the transaction that records it. Nothing by default."""

    @classmethod
    def steps(cls) -> dict[str, Step]:
        """Return the steps by name, in the order in which they are written."""
        found: dict[str, Step] = {}
        for base in reversed(cls.__mro__):
            found.update({name: value for name, value in vars(base).items() if hasattr(value, "label")})
        return found

    @classmethod
    def has_own_transactions(cls, name: str) -> bool:
        """Whether a step commits its rows itself."""
        return bool(getattr(cls.steps()[name], "own_transactions", False))

    @classmethod
    def label(cls, name: str) -> str:
        """Return a step's line in the timeline."""
        return str(getattr(cls.steps()[name], "label", name))

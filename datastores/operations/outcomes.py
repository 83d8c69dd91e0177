"""What a step may answer. A step must answer with one of these four."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goto:
    """Go on with another step at once."""

    step: str


@dataclass(frozen=True)
class Wait:
    """Come back to the same step after ``seconds``; ``sentence`` tells the person what is waited for.

    ``after_error`` is the runner's own: such a wait keeps counting attempts, a step's own wait does not.
    """

    seconds: float
    sentence: str
    after_error: bool = False


@dataclass(frozen=True)
class Done:
    """The operation has reached its end."""

    sentence: str


@dataclass(frozen=True)
class Fail:
    """The operation can't go on by itself; ``remedy`` says what a person can do."""

    sentence: str
    remedy: str


Outcome = Goto | Wait | Done | Fail

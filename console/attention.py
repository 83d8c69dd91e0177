"""What an operator should look at now: applications register checks, the admin's front page asks them.

A check reads facts that are already there; it neither repairs nor probes anything that may hang.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Matter:
    """One thing that needs attention: a sentence, what to do, and where to look."""

    sentence: str
    remedy: str = ""
    href: str = ""


Check = Callable[[], Iterable[Matter]]
_checks: dict[str, tuple[int, Check]] = {}


def register(heading: str, check: Check, *, position: int) -> None:
    """Add a check under a heading; the same heading replaces the earlier one."""
    _checks[heading] = (position, check)


Pulse = Callable[[], Iterable[tuple[str, str]]]
_pulses: dict[str, tuple[int, Pulse]] = {}


def register_pulse(name: str, pulse: Pulse, *, position: int) -> None:
    """Add figures to the front page, as (what, how much); the same name replaces the earlier ones."""
    _pulses[name] = (position, pulse)


def pulse() -> list[tuple[str, str]]:
    """Return every figure, in order."""
    ordered = sorted(_pulses.items(), key=lambda item: (item[1][0], item[0]))
    return [figure for _, (_, ask) in ordered for figure in ask()]


def matters() -> list[tuple[str, list[Matter]]]:
    """Ask every check; returns (heading, matters) in order, those with nothing to say included as empty."""
    ordered = sorted(_checks.items(), key=lambda item: (item[1][0], item[0]))
    return [(heading, list(check())) for heading, (_, check) in ordered]

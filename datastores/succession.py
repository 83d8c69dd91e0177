"""Who may follow a primary that failed, and when: decisions without I/O.

Words
- A standby *counts* while it may be the only standby that holds an acknowledged write: the primary waits for one of
  the counted, so each acknowledged write is on the primary and on at least one of them.
- The guarantee is *suspended* while no standby counts: writes go on, acknowledged by the primary alone.

Invariants, which ``tests/unit/succession`` checks over every order of events and crashes
1. At any instant at most one node of a store takes clients' writes.
2. A node is promoted only after the primary before it, and every node that was chosen for the same failure before,
   was fenced with proof: no process of it is left and the edge leads nowhere.
3. A promotion that is called lossless loses no acknowledged write.
4. While the guarantee is suspended, the row has said so since before the first write that it does not cover.
5. A fenced node comes back as a standby of the present primary only, rewound or made anew.

How 3 and 4 are kept with one wait for any of the counted standbys ("ANY 1")
- The rows' set of counted standbys always includes those that the primary really waits for: a standby is added to
  the rows before the primary is told of it.
- A standby is taken from the rows only after the primary no longer waits for it *and* each remaining one holds
  everything up to where the primary was then.
- Before the primary is told to wait for nobody, the rows say that the guarantee is suspended; they say otherwise
  only after a counted standby holds everything up to where the primary was when it began to wait for it.
- A write may be on one of the counted only, so a promotion is lossless only where all of them can be asked, and the
  most advanced is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

# A standby that was heard to be this far behind (seconds) answers no reads of the reader endpoint.
MOST_READER_LAG: Final = 10.0
# How long a primary may take to come back in place where no standby can follow without losing writes, in seconds: as
# a rule; and where standbys are an instant behind by design, so that a promotion loses next to nothing.
PATIENCE: Final = 30.0
ASYNCHRONOUS_PATIENCE: Final = 1.0


@dataclass(frozen=True)
class Situation:
    """What is known when a primary has failed.

    counted    names of the standbys of which each acknowledged write is on at least one
    suspended  acknowledged writes may be on the failed primary alone
    answering  standbys that answer now, each with how far it holds the history (larger is more)
    data_lost  the failed primary's data directory is gone or damaged: it can't come back in place
    asynchronous  standbys confirm after the client was told: a restart in place loses nothing, a promotion may
    """

    counted: frozenset[str]
    suspended: bool
    answering: Mapping[str, int]
    data_lost: bool = False
    asynchronous: bool = False


@dataclass(frozen=True)
class Promote:
    """Make ``name`` the primary. ``lossless``: no acknowledged write is missing from it."""

    name: str
    lossless: bool


@dataclass(frozen=True)
class Restart:
    """Let the failed primary come back in place first; ``because`` is a sentence for people."""

    because: str


@dataclass(frozen=True)
class Nobody:
    """No standby can follow, and the primary can't come back by itself."""


Decision = Promote | Restart | Nobody


def is_lossless(situation: Situation) -> bool:
    """Whether the most advanced of those that answer holds every acknowledged write."""
    return (
        not situation.suspended
        and bool(situation.counted)
        and situation.counted <= situation.answering.keys()
        and not situation.asynchronous
    )


def decide(situation: Situation, *, waited: float) -> Decision:
    """Say what to do, ``waited`` seconds after the failure was noticed.

    Without loss: promote at once. Otherwise the primary has the writes, so it gets time to come back; when that is
    over, or its data is gone, availability comes first and the loss is stated.
    """
    best = most_advanced(situation.answering)
    if best and is_lossless(situation):
        return Promote(best, lossless=True)
    patience = ASYNCHRONOUS_PATIENCE if situation.asynchronous else PATIENCE
    if not situation.data_lost and waited < patience:
        return Restart(_why(situation, best))
    return Promote(best, lossless=False) if best else Nobody()


def most_advanced(answering: Mapping[str, int]) -> str:
    """Return the standby that holds most; of equals the one whose name comes first, so that a second look chooses
    the same. Empty where none answers."""
    return min(answering, key=lambda name: (-answering[name], name), default="")


def _why(situation: Situation, best: str) -> str:
    if not best:
        return "No standby answers."
    if situation.asynchronous:
        return "A restart in place loses nothing; a standby may lack the last instants."
    if situation.suspended:
        return "The primary alone has the latest acknowledged writes."
    return "A standby that may have the latest acknowledged writes does not answer."


@dataclass(frozen=True)
class Follower:
    """A standby as the primary sees it: how far it has confirmed, and whether the primary waits for it."""

    position: int
    synchronous: bool


@dataclass(frozen=True)
class Waiting:
    """What the rows and the primary say about the wait for standbys.

    counted, suspended  the rows (see ``Situation``)
    told      whom the primary waits for now
    able      standbys that stream and have caught up, so that waiting for them costs a round trip only
    position  where the primary is
    confirmed  how far each connected standby has confirmed
    mark      where the primary was when ``told`` became what it is; None: not known, so it is measured anew
    """

    counted: frozenset[str]
    suspended: bool
    told: frozenset[str]
    able: frozenset[str]
    position: int
    confirmed: Mapping[str, int]
    mark: int | None = None


@dataclass(frozen=True)
class Tell:
    """Have the primary wait for one of these; nobody where it is empty."""

    names: frozenset[str]


@dataclass(frozen=True)
class Count:
    """Save these as counted."""

    names: frozenset[str]


@dataclass(frozen=True)
class Suspend:
    """Save that the guarantee is suspended from now on: nobody counts."""


@dataclass(frozen=True)
class Resume:
    """Save that the guarantee holds again."""


@dataclass(frozen=True)
class Mark:
    """Remember the primary's present position as the one from which ``told`` surely counts."""


Change = Tell | Count | Suspend | Resume | Mark


def next_change(waiting: Waiting) -> Change | None:  # noqa: PLR0911 - one rule, one line
    """Return the one change to make now, None where rows and primary are as they should be.

    Called again after each change with what is measured then; any of them may be the last before a crash.
    """
    if not waiting.able:
        if not waiting.suspended or waiting.counted:
            return Suspend()
        return Tell(frozenset()) if waiting.told else None
    if not waiting.able <= waiting.counted:
        return Count(waiting.counted | waiting.able)
    if waiting.told != waiting.able:
        return Tell(waiting.able)
    if waiting.suspended or waiting.counted != waiting.told:
        if waiting.mark is None:
            return Mark()
        if all(waiting.confirmed.get(name, -1) >= waiting.mark for name in waiting.told):
            return Count(waiting.told) if waiting.counted != waiting.told else Resume()
    return None


def readers(lags: Mapping[str, float | None]) -> list[str]:
    """Return the standbys that serve reads: heard of, and at most ten seconds behind. In the order of their names."""
    return sorted(name for name, lag in lags.items() if lag is not None and lag <= MOST_READER_LAG)


def surplus(plan_nodes: int, standbys: Mapping[int, bool]) -> list[int]:
    """Return the numbers of the standbys that a plan has no place for beside the primary, in the order in which they go.

    ``standbys`` says by number which of them serve; those that don't go first, then the newest.
    """
    ordered = sorted(standbys, key=lambda number: (standbys[number], -number))
    return ordered[: max(0, len(standbys) + 1 - plan_nodes)]


def missing(plan_nodes: int, present: Iterable[str]) -> int:
    """Return how many standbys must be made so that the plan's node count is reached."""
    return max(0, plan_nodes - len(set(present)))

"""Every order of writes, crashes and returns: a promotion that is called lossless loses no acknowledged write.

The model has one store with up to three nodes. A node holds a prefix of one history, so a number says it all. The
controller makes one change at a time and may die between the row and the effect, or after either.
"""

from __future__ import annotations

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from datastores.succession import (
    Count,
    Mark,
    Promote,
    Resume,
    Situation,
    Suspend,
    Tell,
    Waiting,
    decide,
    next_change,
)

NAMES = ("a", "b", "c")
CLOSE = 3


class Store(RuleBasedStateMachine):
    """One store: what nodes hold, what clients were told, what the rows say, what the primary waits for."""

    @initialize(nodes=strategies.integers(2, 3))
    def make(self, nodes: int) -> None:
        """A new store: nothing was written, and nobody counts."""
        self.holds = dict.fromkeys(NAMES[:nodes], 0)
        self.primary = "a"
        self.acknowledged = 0
        self.connected: set[str] = set()
        self.alive = set(self.holds)
        self.told: frozenset[str] = frozenset()
        self.counted: frozenset[str] = frozenset()
        self.suspended = True
        self.mark: tuple[frozenset[str], int] | None = None

    def standbys(self) -> set[str]:
        return self.holds.keys() - {self.primary}

    def serves(self) -> bool:
        return self.primary in self.alive

    def one_of(self, names: set[str], data: strategies.DataObject) -> str:
        return data.draw(strategies.sampled_from(sorted(names)))

    @precondition(serves)
    @rule(more=strategies.integers(1, 5), told=strategies.booleans())
    def write(self, more: int, told: bool) -> None:
        """Clients write, and are told of it as far as that may be."""
        self.holds[self.primary] += more
        if told:
            self.acknowledge()

    @precondition(serves)
    @rule()
    def acknowledge(self) -> None:
        """The primary tells clients what it may: all where it waits for nobody, else what one of the told has confirmed."""
        if not self.told:
            reached = self.holds[self.primary]
        else:
            reached = max((self.holds[name] for name in self.told & self.connected), default=0)
        self.acknowledged = max(self.acknowledged, reached)

    @precondition(lambda self: self.connected)
    @rule(data=strategies.data(), more=strategies.integers(1, 8))
    def replicate(self, data: strategies.DataObject, more: int) -> None:
        """A connected standby receives some more."""
        name = self.one_of(self.connected, data)
        self.holds[name] = min(self.holds[self.primary], self.holds[name] + more)

    @precondition(lambda self: self.standbys() & self.alive)
    @rule(data=strategies.data())
    def lose_standby(self, data: strategies.DataObject) -> None:
        """A standby dies; it keeps what it holds."""
        name = self.one_of(self.standbys() & self.alive, data)
        self.alive.discard(name)
        self.connected.discard(name)

    @precondition(lambda self: self.connected)
    @rule(data=strategies.data())
    def cut(self, data: strategies.DataObject) -> None:
        """A stream breaks."""
        self.connected.discard(self.one_of(self.connected, data))

    @precondition(serves)
    @rule()
    def lose_primary(self) -> None:
        """The primary dies, and with it every stream."""
        self.alive.discard(self.primary)
        self.connected.clear()

    @precondition(lambda self: self.holds.keys() - self.alive)
    @rule(data=strategies.data())
    def come_back(self, data: strategies.DataObject) -> None:
        """A node is started again in place."""
        self.alive.add(self.one_of(self.holds.keys() - self.alive, data))

    @precondition(lambda self: self.serves() and (self.standbys() & self.alive) - self.connected)
    @rule(data=strategies.data())
    def connect(self, data: strategies.DataObject) -> None:
        """A standby's stream comes up."""
        self.connected.add(self.one_of((self.standbys() & self.alive) - self.connected, data))

    @precondition(lambda self: self.serves() and next_change(self.view()) is not None)
    @rule(times=strategies.integers(1, 5), dies=strategies.sampled_from((False, False, True)))
    def converge(self, times: int, dies: bool) -> None:
        """The controller makes changes that are due. When it dies, what it has measured is forgotten with it."""
        self.converge_now(times)
        if dies:
            self.mark = None

    def converge_now(self, times: int) -> None:
        for _ in range(times):
            match next_change(self.view()):
                case Tell(names):
                    self.told = names
                    self.mark = None
                case Count(names):
                    self.counted = names
                case Suspend():
                    self.suspended, self.counted = True, frozenset()
                case Resume():
                    self.suspended = False
                case Mark():
                    self.mark = (self.told, self.holds[self.primary])

    @precondition(lambda self: self.serves() and self.suspended)
    @rule()
    def calm_down(self) -> None:
        """Nothing fails for a while, and the guarantee holds again: where the interesting orders begin."""
        self.alive = set(self.holds)
        self.connected = self.standbys()
        for name in self.connected:
            self.holds[name] = self.holds[self.primary]
        self.converge_now(times=6)
        assert not self.suspended

    def view(self) -> Waiting:
        """What the controller sees."""
        position = self.holds[self.primary]
        return Waiting(
            counted=self.counted,
            suspended=self.suspended,
            told=self.told,
            able=frozenset(
                name for name in self.connected if name in self.told or self.holds[name] >= position - CLOSE
            ),
            position=position,
            confirmed={name: self.holds[name] for name in self.connected},
            mark=self.mark[1] if self.mark and self.mark[0] == self.told else None,
        )

    @precondition(lambda self: self.primary not in self.alive)
    @rule(waited=strategies.sampled_from((0.0, 60.0)), data_lost=strategies.booleans())
    def fail_over(self, waited: float, data_lost: bool) -> None:
        """The primary is fenced, and the decision carried out."""
        answering = {name: self.holds[name] for name in self.standbys() & self.alive}
        situation = Situation(self.counted, self.suspended, answering, data_lost=data_lost)
        decision = decide(situation, waited=waited)
        if not isinstance(decision, Promote):
            return
        kept = self.holds[decision.name]
        if decision.lossless:
            assert kept >= self.acknowledged
        assert kept == max(answering.values())
        self.acknowledged = min(self.acknowledged, kept)  # what is lost is lost, and was said to be
        self.primary = decision.name
        # Whoever holds more is rewound or made anew before it follows.
        self.holds = {name: min(position, kept) for name, position in self.holds.items()}
        self.connected, self.told, self.mark = set(), frozenset(), None
        self.suspended, self.counted = True, frozenset()

    @invariant()
    def the_rows_tell_where_acknowledged_writes_are(self) -> None:
        """While the guarantee holds, a standby that counts has every acknowledged write."""
        if hasattr(self, "holds") and not self.suspended:
            assert max(self.holds[name] for name in self.counted) >= self.acknowledged

    @invariant()
    def the_primary_waits_only_for_those_that_count(self) -> None:
        """The rows always include whoever may be the only one to hold an acknowledged write."""
        if hasattr(self, "holds") and not self.suspended:
            assert self.told <= self.counted


Store.TestCase.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)
TestStore = Store.TestCase

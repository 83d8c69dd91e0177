"""Whom to promote, when to wait, and that changes of the wait come to an end."""

from __future__ import annotations

from hypothesis import given, strategies

from datastores.succession import (
    ASYNCHRONOUS_PATIENCE,
    PATIENCE,
    Count,
    Mark,
    Nobody,
    Promote,
    Restart,
    Resume,
    Situation,
    Suspend,
    Tell,
    Waiting,
    decide,
    missing,
    most_advanced,
    next_change,
    readers,
)

BOTH = frozenset({"b", "c"})


def test_the_most_advanced_is_promoted_at_once_where_all_that_count_answer() -> None:
    assert decide(Situation(BOTH, suspended=False, answering={"b": 7, "c": 9}), waited=0) == Promote("c", lossless=True)


def test_of_equals_the_first_name_is_taken_each_time() -> None:
    assert most_advanced({"c": 9, "b": 9}) == "b"
    assert most_advanced({}) == ""


def test_the_primary_gets_time_where_one_that_counts_does_not_answer() -> None:
    situation = Situation(BOTH, suspended=False, answering={"b": 7})
    assert isinstance(decide(situation, waited=0), Restart)
    assert decide(situation, waited=PATIENCE) == Promote("b", lossless=False)


def test_a_suspended_guarantee_is_never_called_lossless() -> None:
    situation = Situation(frozenset(), suspended=True, answering={"b": 7})
    assert isinstance(decide(situation, waited=1), Restart)
    assert decide(situation, waited=PATIENCE) == Promote("b", lossless=False)


def test_lost_data_are_waited_for_by_nobody() -> None:
    situation = Situation(frozenset(), suspended=True, answering={"b": 7}, data_lost=True)
    assert decide(situation, waited=0) == Promote("b", lossless=False)
    assert decide(Situation(BOTH, suspended=False, answering={}, data_lost=True), waited=0) == Nobody()


def test_an_asynchronous_primary_comes_back_in_place_unless_that_takes_long() -> None:
    situation = Situation(frozenset(), suspended=False, answering={"b": 7}, asynchronous=True)
    assert isinstance(decide(situation, waited=0), Restart)
    assert decide(situation, waited=ASYNCHRONOUS_PATIENCE) == Promote("b", lossless=False)


def test_a_standby_counts_before_the_primary_waits_for_it() -> None:
    one, both = frozenset({"b"}), BOTH
    waiting = Waiting(one, suspended=False, told=one, able=both, position=5, confirmed={"b": 5, "c": 5})
    assert next_change(waiting) == Count(both)


def test_the_rows_say_that_nobody_counts_before_the_primary_waits_for_nobody() -> None:
    one = frozenset({"b"})
    waiting = Waiting(one, suspended=False, told=one, able=frozenset(), position=5, confirmed={})
    assert next_change(waiting) == Suspend()


names = strategies.frozensets(strategies.sampled_from(("b", "c")))


@given(names, strategies.booleans(), names, names, strategies.integers(0, 5))
def test_left_alone_the_wait_becomes_what_it_should_be(
    counted: frozenset[str], suspended: bool, told: frozenset[str], able: frozenset[str], position: int
) -> None:
    mark: int | None = None
    for _ in range(12):
        confirmed = dict.fromkeys(able, position)
        change = next_change(Waiting(counted, suspended, told, able, position, confirmed, mark))
        match change:
            case None:
                break
            case Tell(chosen):
                told, mark = chosen, None
            case Count(chosen):
                counted = chosen
            case Mark():
                mark = position
            case Suspend():
                suspended, counted = True, frozenset()
            case Resume():
                suspended = False
    assert (told, counted) == (able, able)
    assert suspended == (not able)


def test_only_standbys_that_were_heard_of_lately_serve_reads() -> None:
    assert readers({"b": 0.2, "c": 11.0, "d": None}) == ["b"]


def test_missing_nodes_are_counted_once() -> None:
    assert missing(3, ["a", "b", "b"]) == 1
    assert missing(1, ["a"]) == 0

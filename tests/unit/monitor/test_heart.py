"""When a silent server is called hung, and when not."""

from __future__ import annotations

from hypothesis import given, strategies

from datastores.sites.local.monitor.heart import DEADLINE, Heart


def test_one_that_never_served_is_recovering_not_hung() -> None:
    heart = Heart()
    heart.ask(0)
    heart.answer(1, serves=False)
    heart.ask(2)
    assert not heart.is_hung(1000)


def test_an_open_question_counts_from_the_first_time_it_was_put() -> None:
    heart = Heart(answered=0.0)
    heart.ask(10)
    heart.ask(10.5)
    assert not heart.is_hung(10 + DEADLINE)
    assert heart.is_hung(10.01 + DEADLINE)


def test_an_answer_closes_the_question_also_where_it_says_not_yet() -> None:
    heart = Heart(answered=0.0)
    heart.ask(10)
    heart.answer(10.2, serves=False)
    assert not heart.is_hung(20)


def test_a_stopped_process_hangs_although_its_children_answer() -> None:
    heart = Heart(answered=0.0)
    heart.look(5, stopped=True)
    heart.answer(5.1, serves=True)
    assert heart.is_hung(5.1 + DEADLINE)
    heart.look(6, stopped=False)
    assert not heart.is_hung(7)


@given(strategies.floats(0, 100), strategies.floats(0, 50))
def test_time_in_which_nobody_asked_is_nobodys_silence(asked: float, slept: float) -> None:
    heart = Heart(answered=0.0)
    heart.ask(asked)
    heart.forgive(slept)
    assert not heart.is_hung(asked + slept + DEADLINE - 0.001)

"""The platform's own login is no client: while sessions are counted, it has none."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from datastores.sites.local.own_logins import MOST_SECONDS, counting, logging_in
from host.paths import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path)
    found.make()
    return found


def test_counting_waits_for_a_login_and_logins_wait_for_counting(home: Home) -> None:
    order: list[str] = []
    counting_now, may_end = threading.Event(), threading.Event()

    def count() -> None:
        with counting(home, 1):
            order.append("counting")
            counting_now.set()
            may_end.wait(5)
            order.append("counted")

    def log_in() -> None:
        with logging_in(home, 1):
            order.append("next login")

    counter, later = threading.Thread(target=count), threading.Thread(target=log_in)
    with logging_in(home, 1):
        counter.start()
        assert not counting_now.wait(0.1)
        order.append("first login")
    assert counting_now.wait(5)
    later.start()
    later.join(0.1)
    may_end.set()
    for thread in (counter, later):
        thread.join(5)
    assert order == ["first login", "counting", "counted", "next login"]


def test_a_login_that_hangs_is_not_waited_for(home: Home) -> None:
    began = time.monotonic()
    with logging_in(home, 1), counting(home, 1):
        assert MOST_SECONDS <= time.monotonic() - began < MOST_SECONDS + 1


def test_another_store_is_none_of_its_business(home: Home) -> None:
    began = time.monotonic()
    with logging_in(home, 1), counting(home, 2):
        assert time.monotonic() - began < MOST_SECONDS

"""The loop that the client runs, with sessions that break when told to."""

from __future__ import annotations

import io
import threading

import pytest

from tests.bench.outage import Target, __main__
from tests.bench.outage.target import SessionError

TARGET = Target("fake", 1, "user", "secret", "rows", "ca.pem")


class Server:
    """Keeps rows; every second insert after the third row fails, before or after the row was kept."""

    def __init__(self, stopped: threading.Event) -> None:
        self.rows: list[int] = []
        self.connects = 0
        self.stopped = stopped

    def connect(self, target: Target) -> Server:
        assert target == TARGET
        self.connects += 1
        if self.connects == 2:
            raise SessionError("refused")
        return self

    def insert(self, number: int) -> None:
        if number == 4:
            raise SessionError("gone before")
        self.rows.append(number)
        if number == 6:
            raise SessionError("gone after")
        if number == 8:
            self.stopped.set()

    def numbers(self) -> list[int]:
        return self.rows

    def prepare(self) -> None:
        self.rows.clear()

    def close(self) -> None:
        pass


def test_every_acknowledged_row_is_told_and_no_number_is_used_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped, told = threading.Event(), io.StringIO()
    server = Server(stopped)
    monkeypatch.setitem(__main__.SESSIONS, "fake", server.connect)
    monkeypatch.setattr("sys.stdout", told)
    monkeypatch.setattr(__main__, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(__main__, "BACK_OFF_SECONDS", 0)
    __main__.write(TARGET, stopped)
    assert [int(line.split()[0]) for line in told.getvalue().splitlines()] == [1, 2, 3, 5, 7, 8]
    assert server.rows == [1, 2, 3, 5, 6, 7, 8]
    assert server.connects == 4


def test_a_target_survives_its_way_to_the_process() -> None:
    assert Target.from_json(TARGET.to_json()) == TARGET

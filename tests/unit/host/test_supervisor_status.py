"""runsv's status file, as runsv 2.2 wrote it, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.supervisor import ServiceSpec, Wanted
from host.supervisor.status import parse_status, read_last_exit

SECONDS = 1_700_000_000


def content(pid: int = 4242, want: bytes = b"u", state: int = 1) -> bytes:
    return (
        (2**62 + 10 + SECONDS).to_bytes(8)
        + (500_000_000).to_bytes(4)
        + pid.to_bytes(4, "little")
        + bytes([0, want[0], 0, state])
    )


def test_a_running_service() -> None:
    status = parse_status(content())
    assert (status.pid, status.running, status.wanted) == (4242, True, Wanted.UP)
    assert status.since == datetime.fromtimestamp(SECONDS + 0.5, tz=UTC)


def test_a_finish_script_is_not_the_program() -> None:
    assert parse_status(content(state=2, want=b"d")).running is False


def test_a_stopped_service() -> None:
    status = parse_status(content(pid=0, want=b"d", state=0))
    assert (status.pid, status.running, status.wanted) == (None, False, Wanted.DOWN)


@given(st.binary(max_size=40).filter(lambda some: len(some) != 20))
def test_any_other_length_is_refused(some: bytes) -> None:
    with pytest.raises(ValueError, match="bytes instead of 20"):
        parse_status(some)


EXITS = [("0 0\n", 0, None), ("-1 9\n", None, 9), ("3 0\n", 3, None)]


@pytest.mark.parametrize(("text", "code", "number"), EXITS)
def test_last_exit(tmp_path: Path, text: str, code: int | None, number: int | None) -> None:
    (tmp_path / "last-exit").write_text(text)
    last_exit = read_last_exit(tmp_path / "last-exit")
    assert last_exit is not None
    assert (last_exit.code, last_exit.signal) == (code, number)


@pytest.mark.parametrize("text", ["", "torn", "1"])
def test_a_torn_last_exit_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "last-exit").write_text(text)
    assert read_last_exit(tmp_path / "last-exit") is None


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "UPPER", "a b"])
def test_a_name_never_leads_out_of_the_directory(name: str) -> None:
    with pytest.raises(ValueError, match="no service name"):
        ServiceSpec(name, ["/bin/true"], Path("/"))


@pytest.mark.parametrize("value", ["ends in blank ", "tab\t", "nul\0inside"])
def test_a_value_that_chpst_would_change_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="can't be passed"):
        ServiceSpec("one", ["/bin/true"], Path("/"), environment={"KEY": value})


def test_a_specification_never_prints_its_environment() -> None:
    spec = ServiceSpec("one", ["/bin/true"], Path("/"), environment={"KEY": "secret-value"})
    assert "secret-value" not in repr(spec)

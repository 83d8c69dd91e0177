"""A service's files: whole at every moment, private, and changed only where something differs."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from host.files import write_private
from host.supervisor import RunitPrograms, ServiceSpec
from host.supervisor.definition import make_service, read_definition, write_definition

PROGRAMS = RunitPrograms(Path("/bin/runsv"), Path("/bin/svlogd"), Path("/bin/chpst"))
Write = Callable[..., bool]


@pytest.fixture
def service(tmp_path: Path) -> Path:
    make_service(tmp_path / "services" / "one")
    return tmp_path / "services" / "one"


@pytest.fixture
def write(service: Path) -> Write:
    def write(**environment: str) -> bool:
        spec = ServiceSpec("one", ["/bin/true"], Path("/"), environment, owned_directory=Path("/data"))
        return write_definition(service, service.parent.parent / "log", spec, PROGRAMS)

    return write


def environments(service: Path) -> list[Path]:
    return sorted(service.glob("environment.*"))


def test_a_new_service_is_wanted_down_and_making_it_again_keeps_it(service: Path) -> None:
    (service / "down").unlink()
    make_service(service)
    assert not (service / "down").exists()
    assert [path.name for path in service.parent.iterdir()] == ["one"]


def test_everything_is_private(service: Path, write: Write) -> None:
    write(SECRET="value")
    assert [path for path in service.rglob("*") if path.stat().st_mode & 0o077] == []
    assert "value" not in (service / "run").read_text()
    assert read_definition(service).owned_directory == Path("/data")


def test_a_change_of_the_environment_replaces_it_as_a_whole(service: Path, write: Write) -> None:
    assert write(A="1", B="2") is True
    assert write(A="1", B="2") is False
    assert write(A="3") is True
    (environment,) = environments(service)
    assert sorted(file.name for file in environment.iterdir()) == ["A", "HEADWATER_SERVICE"]
    assert str(environment) in (service / "run").read_text()


@pytest.mark.parametrize("interrupted_at", range(1, 9))
def test_an_interrupted_write_leaves_a_whole_definition(
    service: Path, write: Write, monkeypatch: pytest.MonkeyPatch, interrupted_at: int
) -> None:
    write(A="old")
    calls = 0

    def breaks_off(*arguments: object, **options: object) -> bool:
        nonlocal calls
        calls += 1
        if calls == interrupted_at:
            raise KeyboardInterrupt
        return write_private(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("host.supervisor.definition.write_private", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        write(A="new", B="new")
    named = [path for path in environments(service) if str(path) in (service / "run").read_text()]
    assert [(path / "A").read_text() for path in named] == ["old\n"]
    monkeypatch.undo()
    write(A="new", B="new")
    assert [(path / "A").read_text() for path in environments(service)] == ["new\n"]


def test_left_overs_of_a_killed_write_are_swept(service: Path, write: Write) -> None:
    (service / ".run.0011aabb").touch()
    (service / "environment.0011aabb").mkdir()
    write(A="1")
    assert len(environments(service)) == 1
    assert not (service / ".run.0011aabb").exists()


def test_a_private_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert write_private(file, "one") is True
    reader = os.open(file, os.O_RDONLY)
    assert write_private(file, "two") is True
    assert write_private(file, "two") is False
    assert os.read(reader, 10) == b"one"
    os.close(reader)
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("two", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_durable_file_is_on_disk_before_it_has_its_name_and_the_name_before_anybody_relies_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, synced = tmp_path / "file", list[tuple[bool, bool]]()
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), file.exists()))
    )
    write_private(file, "one")
    assert synced == []
    file.unlink()
    write_private(file, "two", durable=True)
    assert synced == [(False, False), (True, True)]

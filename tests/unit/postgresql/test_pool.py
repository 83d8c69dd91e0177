"""The warm pool: one owner per directory, nothing half made, nothing lost when somebody is killed."""

from __future__ import annotations

import errno
import fcntl
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_django import Settings

from datastores.sites.local import pool
from datastores.sites.local.postgresql import LocalPostgreSQL
from host.paths import Home


class Notebook(LocalPostgreSQL):
    """An engine whose initialiser writes one unique line, and can be told to fail."""

    version = "test"
    fails = False

    def initialise(self, data: Path) -> None:
        data.mkdir()
        (data / "identifier").write_text(str(uuid.uuid4()))
        (data / "niceness").write_text(str(os.getpriority(os.PRIO_PROCESS, 0)))
        if self.fails:
            raise RuntimeError("no space left")


@pytest.fixture
def engine(settings: Settings, tmp_path: Path) -> Notebook:
    settings.HOME = Home(tmp_path / "home")
    settings.HOME.make()
    return Notebook()


@pytest.fixture
def node(settings: Settings, engine: Notebook) -> Path:
    directory: Path = settings.HOME.nodes / "node-1"
    directory.mkdir()
    return directory / "data"


def shelf(engine: Notebook, settings: Settings) -> Path:
    found: Path = settings.HOME.pool / f"{engine.slug}-{engine.version}"
    return found


def test_filling_makes_what_is_missing(engine: Notebook) -> None:
    assert pool.fill(engine, 2) == 2
    assert pool.fill(engine, 3) == 1
    assert pool.fill(engine, 3) == 0
    identifiers = {(path / "identifier").read_text() for path in pool.waiting(engine)}
    assert len(identifiers) == 3


def test_filling_is_nice_and_the_caller_stays_as_it_was(engine: Notebook) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    pool.fill(engine, 1)
    assert int((pool.waiting(engine)[0] / "niceness").read_text()) >= pool.NICENESS
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_zero_turns_it_off(engine: Notebook, settings: Settings) -> None:
    assert pool.fill(engine, 0) == 0
    assert not shelf(engine, settings).exists()


def test_the_oldest_is_taken_as_it_is(engine: Notebook, node: Path) -> None:
    pool.fill(engine, 2)
    oldest = pool.waiting(engine)[0]
    identifier = (oldest / "identifier").read_text()
    assert pool.take(engine, node)
    assert (node / "identifier").read_text() == identifier
    assert len(pool.waiting(engine)) == 1


def test_an_empty_pool_only_costs_time(engine: Notebook, node: Path) -> None:
    assert not pool.take(engine, node)
    assert (node / "identifier").exists()


def test_taking_twice_changes_nothing(engine: Notebook, node: Path) -> None:
    pool.fill(engine, 2)
    pool.take(engine, node)
    identifier = (node / "identifier").read_text()
    assert not pool.take(engine, node)
    assert (node / "identifier").read_text() == identifier
    assert len(pool.waiting(engine)) == 1


def test_takers_that_race_never_share_a_directory(engine: Notebook, settings: Settings) -> None:
    pool.fill(engine, 5)
    targets = [settings.HOME.nodes / f"node-{number}" / "data" for number in range(8)]
    for target in targets:
        target.parent.mkdir()
    with ThreadPoolExecutor(8) as many:
        warm = list(many.map(lambda target: pool.take(engine, target), targets))
    assert sum(warm) == 5
    assert len({(target / "identifier").read_text() for target in targets}) == 8


def test_a_failed_initialisation_leaves_no_half_made_directory(engine: Notebook, node: Path) -> None:
    engine.fails = True
    with pytest.raises(RuntimeError):
        pool.take(engine, node)
    assert not node.exists()
    engine.fails = False
    pool.take(engine, node)
    assert [path.name for path in node.parent.iterdir()] == ["data"]


def test_what_a_killed_filler_left_is_removed(engine: Notebook, settings: Settings) -> None:
    engine.fails = True
    with pytest.raises(RuntimeError):
        pool.fill(engine, 1)
    assert pool.waiting(engine) == []
    engine.fails = False
    assert pool.fill(engine, 1) == 1
    (ready,) = pool.waiting(engine)
    assert {path.name for path in shelf(engine, settings).iterdir()} == {pool.LOCK, ready.name}


def test_a_second_filler_leaves_the_first_alone(engine: Notebook, settings: Settings) -> None:
    pool.fill(engine, 1)
    building = shelf(engine, settings) / f"{pool.BUILDING}now"
    building.mkdir()
    with (shelf(engine, settings) / pool.LOCK).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert pool.fill(engine, 3) == 0
        assert building.exists()
    assert pool.fill(engine, 3) == 2
    assert not building.exists()


def test_it_moves_across_file_systems(
    engine: Notebook,
    node: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool.fill(engine, 2)
    expected = (pool.waiting(engine)[0] / "identifier").read_text()
    rename, store = Path.rename, shelf(engine, settings)

    def rename_within(source: Path, target: Path) -> Path:
        if (store in source.parents) != (store in Path(target).parents):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", rename_within)
    assert pool.take(engine, node)
    assert (node / "identifier").read_text() == expected
    assert [path.name for path in node.parent.iterdir()] == ["data"]
    assert len(pool.waiting(engine)) == 1
    assert len(list(store.iterdir())) == 2  # the other directory and the lock

"""Holding on to files that the server replaces: nothing is lost in between, and what is over is let go."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from datastores.sites.local.archive.contract import ArchiverError
from datastores.sites.local.cache.archive.generations import (
    LOGINS,
    Generation,
    hold,
    hold_for_backup,
    over,
    release_all,
)
from datastores.sites.local.cache.archive.manifest import DIRECTORY, MANIFEST
from datastores.sites.local.cache.archive.salvaging import salvage
from datastores.sites.local.cache.archive.sparing import copies, forget_copies, keep_standbys, kept_standbys
from datastores.sites.local.cache.logins import LOGINS_FILE
from datastores.sites.local.engine import Place

BEGAN = 1_795_700_000


class Files:
    """What a server does with its append-only files."""

    def __init__(self, place: Place) -> None:
        self.place, self.directory = place, place.data / DIRECTORY
        self.directory.mkdir(parents=True)
        place.configuration.mkdir()
        self.base, self.parts = 1, [1]
        self._write_base()
        self._write_manifest()

    def append(self, text: str) -> None:
        with (self.directory / f"a.{self.parts[-1]}.incr.aof").open("a") as file:
            file.write(text)

    def begin_another(self) -> None:
        """Begin to write a snapshot: what comes now goes into another file."""
        self.parts.append(self.parts[-1] + 1)
        self._write_manifest()

    def rewrite(self) -> None:
        """Have a new snapshot, and delete what it replaces."""
        self.begin_another()
        old, gone = self.base, self.parts[:-1]
        self.base, self.parts = old + 1, self.parts[-1:]
        self._write_base()
        self._write_manifest()
        (self.directory / f"a.{old}.base.rdb").unlink()
        for number in gone:
            (self.directory / f"a.{number}.incr.aof").unlink()

    def _write_base(self) -> None:
        created = (BEGAN + self.base).to_bytes(4, "little")
        (self.directory / f"a.{self.base}.base.rdb").write_bytes(b"REDIS0011\xfa\x05ctime\xc2" + created)

    def _write_manifest(self) -> None:
        for number in self.parts:
            (self.directory / f"a.{number}.incr.aof").touch()
        lines = [f"file a.{self.base}.base.rdb seq {self.base} type b\n"]
        lines += [f"file a.{number}.incr.aof seq {number} type i\n" for number in self.parts]
        (self.directory / MANIFEST).write_text("".join(lines))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place("node", tmp_path / "node", tmp_path / "s", 1)


@pytest.fixture
def files(place: Place) -> Files:
    return Files(place)


def text(held: Generation) -> str:
    return "".join((held.directory / DIRECTORY / part.name).read_text() for part in held.manifest.parts)


def test_what_is_held_grows_and_outlives_the_server_s_own_files(place: Place, files: Files) -> None:
    files.append("a")
    first = hold(place)
    assert (first.since, first.manifest.base) == (BEGAN + 2, "a.1.base.rdb")
    assert over(place, first) is None
    files.append("b")
    files.rewrite()
    files.append("c")
    second = hold(place)
    past = over(place, second)
    assert past
    assert (past.directory, text(past), text(second)) == (first.directory, "abc", "c")
    assert (past.directory / DIRECTORY / "a.1.base.rdb").exists()


def test_while_a_snapshot_is_written_both_files_belong_to_the_old_generation(place: Place, files: Files) -> None:
    files.append("a")
    files.begin_another()
    files.append("b")
    held = hold(place)
    assert text(held) == "ab"
    assert held.manifest.last == "a.2.incr.aof"


def test_a_generation_that_is_not_continued_is_let_go(place: Place, files: Files) -> None:
    first = hold(place)
    files.rewrite()
    files.rewrite()  # nobody held the one in between
    second = hold(place)
    assert over(place, second) is None
    assert not first.directory.exists()


def test_at_most_one_that_is_over_is_held(place: Place, files: Files) -> None:
    held = [hold(place)]
    for letter in "abc":
        files.append(letter)
        files.rewrite()
        held.append(hold(place))
    past = over(place, held[-1])
    assert past
    assert [generation.directory.exists() for generation in held] == [False, False, True, True]
    assert text(past) == "c"
    release_all(place)
    assert not past.directory.exists()


def test_a_directory_of_the_same_name_with_other_files_is_not_taken_for_the_same(place: Place, files: Files) -> None:
    files.append("a")
    first = hold(place)
    files.base = 2
    files._write_base()
    files._write_manifest()
    (files.directory / "a.1.incr.aof").unlink()
    files.append("another")
    second = hold(place)
    assert over(place, second) is None
    assert not first.directory.exists()


def test_a_standby_s_files_are_held_at_its_primary_with_the_primary_s_logins(
    place: Place, files: Files, tmp_path: Path
) -> None:
    files.append("a")
    primary = Place("primary", tmp_path / "primary", tmp_path / "p", 2)
    primary.configuration.mkdir(parents=True)
    (place.configuration / LOGINS_FILE).write_text("the standby's")
    (primary.configuration / LOGINS_FILE).write_text("the primary's")
    held = hold_for_backup(place, primary)
    release_all(place)
    assert text(held) == "a"
    assert held.directory.is_relative_to(copies(primary))
    assert (held.directory / LOGINS / LOGINS_FILE).read_text() == "the primary's"


def test_what_killed_backups_left_goes_also_where_the_primary_was_before(tmp_path: Path) -> None:
    nodes = [Place(name, tmp_path / name, tmp_path / "s", 1) for name in ("one", "other")]
    for node in nodes:
        (copies(node) / "node").mkdir(parents=True)
    keep_standbys(nodes[0], nodes[1:])
    assert kept_standbys(nodes[0]) == nodes[1:]
    forget_copies(nodes[0])
    assert not any(copies(node).exists() for node in nodes)
    keep_standbys(nodes[0], [])
    assert kept_standbys(nodes[0]) == []
    keep_standbys(Place("new", tmp_path / "new", tmp_path / "s", 1), [])


def test_what_a_lost_node_wrote_does_not_continue_a_standby_s_files_of_the_same_names(
    place: Place, files: Files, tmp_path: Path
) -> None:
    restored = Place("restored", tmp_path / "restored", tmp_path / "r", 2)
    held = hold(place)
    shutil.copytree(held.directory / DIRECTORY, restored.data / DIRECTORY)
    restored.configuration.mkdir()
    (place.configuration / LOGINS_FILE).write_text("of the lost node")
    files.append("b")
    assert salvage(place.data, restored, continues=False) == (0, None)
    assert (restored.data / DIRECTORY / "a.1.incr.aof").read_text() == ""
    assert (restored.configuration / LOGINS_FILE).read_text() == "of the lost node"


def test_files_that_can_t_be_read_are_told(place: Place) -> None:
    with pytest.raises(ArchiverError, match="could not be read"):
        hold(place)

"""The configuration on disk: whole, private, and rewritten only where it differs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datastores.sites.local.edge import files


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    one, two = tmp_path / "edge" / "slot-0001.cfg", tmp_path / "edge" / "slot-0002.cfg"
    assert files.write({one: "a\n", two: "b\n"}) == [one, two]
    kept = two.stat().st_ino
    assert files.write({one: "c\n", two: "b\n"}) == [one]
    assert (one.read_text(), two.read_text(), two.stat().st_ino) == ("c\n", "b\n", kept)


def test_files_are_private_and_stay_so(tmp_path: Path) -> None:
    path = tmp_path / "slot-0001.acl"
    previous = os.umask(0)
    try:
        files.write({path: "10.0.0.0/8\n"})
    finally:
        os.umask(previous)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert files.write({path: "10.0.0.0/8\n"}) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "slot-0001.cfg"
    files.write({path: "old\n"})

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        files.write({path: "new\n"})
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_slots_that_are_no_longer_declared_are_removed(tmp_path: Path) -> None:
    keep, stale = tmp_path / "slot-0001.cfg", tmp_path / "slot-0002.cfg"
    fresh, old = tmp_path / ".slot-0001.cfg.0a1b2c3d", tmp_path / ".slot-0001.cfg.deadbeef"
    foreign = tmp_path / "notes.txt"
    for path in (keep, stale, fresh, old, foreign):
        path.touch()
    os.utime(old, (0, 0))
    assert set(files.remove_others(tmp_path, {keep: ""})) == {stale, old}
    assert set(tmp_path.iterdir()) == {keep, fresh, foreign}

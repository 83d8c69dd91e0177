"""A repository of restic from outside: what it keeps comes back, it reveals nothing, and harm is told in words."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from datastores.sites.local.archive.contract import ArchiverError
from datastores.sites.local.archive.restic import Repository, meaning
from datastores.sites.local.archive.vault import Vault
from host.jobs import Command, Job, JobState
from host.waiting import wait_until

pytestmark = pytest.mark.real
SECRET = "a-row-that-nobody-else-writes"
KEY = "the-key-of-this-store"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.keep(tmp_path / "etc", Vault(tmp_path / "archive", KEY))
    made.make()
    return made


def run(call: Command) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", **call.environment}
    return subprocess.run(call.arguments, check=False, capture_output=True, text=True, env=environment)


def test_what_is_kept_comes_back_and_the_folder_reveals_nothing(repository: Repository, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "rows").write_text(SECRET * 1000)
    for kind in ("log", "backup"):
        repository.answer(repository.back_up([data], {"kind": kind, "until": "7"}))
    (kept,) = repository.snapshots(kind="backup", until="7")
    assert kept.size_bytes == (data / "rows").stat().st_size
    assert kept.stored_bytes < 2000, "the second copy of the same adds next to nothing"
    repository.answer(repository.restore(kept, str(data), tmp_path / "back"))
    assert (tmp_path / "back" / "rows").read_text() == SECRET * 1000
    repository.answer(repository.forget(*(found.id for found in repository.snapshots(kind="log"))))
    assert [found.id for found in repository.snapshots()] == [kept.id]
    repository.answer(repository.check())
    for path in (tmp_path / "archive").rglob("*"):
        if path.is_file():
            assert not any(word.encode() in path.read_bytes() for word in (SECRET, KEY))
    assert (tmp_path / "etc" / "password").stat().st_mode & 0o777 == 0o600
    assert KEY not in json.dumps([*repository.command().arguments, repository.command().environment])


def test_what_could_not_be_read_as_a_whole_is_a_fragment_and_no_backup(repository: Repository, tmp_path: Path) -> None:
    data = tmp_path / "some data"
    data.mkdir()
    for name in ("one", "other"):
        (data / name).write_text(name)
    (data / "other").chmod(0)
    assert run(repository.back_up([data], {"kind": "backup"})).returncode == 3
    assert repository.snapshots(kind="backup") == []
    (fragment,) = repository.fragments()
    assert (fragment.files, fragment.tags) == (1, {"kind": "backup", "files": "2"})
    (data / "other").chmod(0o600)
    call = repository.back_up([data], {"kind": "backup"})
    unseen = [
        word.replace("files=$(count)", f"files=$(count); rm {shlex.quote(str(data / 'one'))}")
        for word in call.arguments
    ]
    assert run(Command(unseen, call.environment)).returncode == 3, "restic does not miss what it never saw"
    assert repository.snapshots() == []
    (data / "one").write_text("one")
    repository.answer(repository.back_up([data], {"kind": "backup"}))
    (kept,) = repository.snapshots(kind="backup")
    assert kept.files == 2
    assert len(repository.fragments()) == 2
    repository.answer(repository.forget(*(each.id for each in repository.fragments())))
    assert repository.fragments() == []
    assert repository.snapshots() == [kept]


def test_a_lock_that_a_killed_restic_left_holds_nobody_up(repository: Repository, tmp_path: Path) -> None:
    """Pruning locks everybody out. It is killed in the middle of its work."""
    slow = Repository(repository.directory)
    job = Job(tmp_path / "job")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    call = slow.command("backup", "--stdin", "--stdin-filename", "rows")
    job.start(Command(["sh", "-c", f'exec "$0" "$@" <{pipe}', *call.arguments], call.environment))
    with pipe.open("wb"):
        assert wait_until(lambda: bool(list((tmp_path / "archive" / "locks").iterdir())), 10)
        job.end()
    assert job.state() is JobState.LOST
    assert list((tmp_path / "archive" / "locks").iterdir()), "it was killed while it held the lock"
    (tmp_path / "rows").write_text(SECRET)
    repository.answer(repository.back_up([tmp_path / "rows"], {}))
    repository.answer(repository.forget(repository.snapshots()[0].id))  # needs the repository for itself
    assert not list((tmp_path / "archive" / "locks").iterdir())


def test_harm_is_told_in_words(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "rows").write_bytes(os.urandom(100_000))
    repository.answer(repository.back_up([tmp_path / "rows"], {}))
    archive, whole = tmp_path / "archive", tmp_path / "whole"
    shutil.copytree(archive, whole)
    (kept,) = repository.snapshots()
    found = {}
    for kind in ("data/*", "index", "snapshots", "keys", "config"):
        for harm in ("corrupt", "cut", "remove"):
            for path in archive.glob(f"{kind}/*" if kind != "config" else kind):
                hurt(path, harm)
            ended = run(repository.restore(kept, str(tmp_path), tmp_path / f"{kind[:4]}-{harm}"))
            found[kind, harm] = meaning(ended.stdout + ended.stderr) if ended.returncode else ""
            shutil.rmtree(archive)
            shutil.copytree(whole, archive)
    assert all(found.values()), found
    unknown = meaning("something that nobody knows")
    assert [pair for pair, sentence in found.items() if sentence == unknown] == []


def hurt(path: Path, harm: str) -> None:
    content = path.read_bytes()
    path.chmod(0o600)
    if harm == "corrupt":
        middle = len(content) // 2
        path.write_bytes(
            content[:middle] + bytes(255 - byte for byte in content[middle : middle + 9]) + content[middle + 9 :]
        )
    elif harm == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.unlink()


def test_another_key_and_a_missing_folder_are_told(repository: Repository, tmp_path: Path) -> None:
    other = Repository.keep(tmp_path / "other", Vault(tmp_path / "archive", "another key"))
    with pytest.raises(ArchiverError, match="can't be opened with its key"):
        other.make()
    (tmp_path / "archive" / "config").unlink()
    with pytest.raises(ArchiverError, match="description is missing"):
        repository.make()
    shutil.rmtree(tmp_path / "archive")
    with pytest.raises(ArchiverError, match="archive is missing"):
        repository.snapshots()
    repository.make()
    assert repository.snapshots() == []

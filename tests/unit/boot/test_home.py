"""Home, keys, lock and memory: what `up` makes and looks at first."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from console.errors import Refusal
from console.services.keys import make_home
from console.services.lock import ConsoleLock
from console.services.memory import proportional_set_size, with_descendants
from host.paths import Home


def test_keys_are_made_once_and_are_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADWATER_ENCRYPTION_KEYS")
    home = Home(tmp_path / "home")
    make_home(home)
    first = {path.name: path.read_text() for path in home.secrets.iterdir()}
    assert first.keys() == {"django.key", "fields.keys"}
    assert first["fields.keys"].startswith("1:")
    make_home(home)
    assert {path.name: path.read_text() for path in home.secrets.iterdir()} == first
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.secrets.iterdir()} == {0o600}
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700


def test_a_home_that_can_not_be_written_is_refused_with_the_setting(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(Refusal) as refused:
        make_home(Home(locked / "home"))
    assert str(locked) in refused.value.sentence
    assert "HEADWATER_HOME" in refused.value.remedy


def test_the_lock_has_one_holder_and_is_free_after_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    lock = ConsoleLock.take(home)
    assert lock
    assert ConsoleLock.take(home) is None
    lock.release()
    again = ConsoleLock.take(home)
    assert again
    again.release()


def test_the_lock_stays_held_over_exec(tmp_path: Path) -> None:
    lock = ConsoleLock.take(Home(tmp_path))
    assert lock
    lock.keep_over_exec()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False) as heir:
        lock.release()
        assert ConsoleLock.take(Home(tmp_path)) is None
        heir.communicate()
    free = ConsoleLock.take(Home(tmp_path))
    assert free
    free.release()


def test_memory_counts_a_process_and_everything_below_it() -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as parent:
        family = {parent.pid}
        while len(family) < 2:
            family = with_descendants([parent.pid])[parent.pid]
        alone, both = proportional_set_size([parent.pid]), proportional_set_size(family)
        assert both > alone > 1_000_000
        parent.communicate(b"\n")
    assert proportional_set_size([parent.pid]) == 0
    assert os.getpid() not in family

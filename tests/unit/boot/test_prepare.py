"""The virtual environment: installed once per lock, again after an interruption; failures are sentences."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def prepare() -> ModuleType:
    """bin/prepare.py, which is a program and lies in no package."""
    spec = importlib.util.spec_from_file_location("prepare", CHECKOUT / "bin" / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def installs(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The locks that were installed, in order; nothing is downloaded."""
    done: list[str] = []
    monkeypatch.setattr(prepare, "install", lambda _python, lock: done.append(lock.name))
    return done


def test_installs_once_and_again_when_the_lock_changes(
    prepare: ModuleType, installs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "requirements.lock").write_text("one")
    monkeypatch.setattr(prepare, "CHECKOUT", checkout)
    python = prepare.prepare(tmp_path / "venv", development=False)
    prepare.prepare(tmp_path / "venv", development=False)
    assert installs == ["requirements.lock"]
    assert subprocess.run([python, "-c", ""], check=False).returncode == 0
    (checkout / "requirements.lock").write_text("two")
    prepare.prepare(tmp_path / "venv", development=False)
    assert installs == ["requirements.lock"] * 2


def test_an_interrupted_installation_is_repeated(
    prepare: ModuleType, installs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_python: Path, _lock: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(prepare, "install", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare.prepare(tmp_path / "venv", development=False)
    prepare.prepare(tmp_path / "venv", development=False)
    assert installs == ["requirements.lock"]


def test_the_development_lock_serves_up_as_well(prepare: ModuleType, installs: list[str], tmp_path: Path) -> None:
    prepare.prepare(tmp_path / "venv", development=True)
    prepare.prepare(tmp_path / "venv", development=False)
    assert installs == ["requirements-dev.lock"]


def test_an_environment_whose_python_is_gone_is_made_anew(
    prepare: ModuleType, installs: list[str], tmp_path: Path
) -> None:
    python = prepare.prepare(tmp_path / "venv", development=False)
    python.unlink()
    python.symlink_to(tmp_path / "uninstalled")
    prepare.prepare(tmp_path / "venv", development=False)
    assert python.exists()
    assert installs == ["requirements.lock"] * 2


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            "ERROR: Could not install packages: [Errno 28] No space left",
            "disk is full",
        ),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "not the one in the lock",
        ),
        (
            "WARNING: connection broken by 'NewConnectionError(…)'\nERROR: No matching distribution",
            "can't be reached",
        ),
        (
            "ERROR: Exception:\nProtocolError: ('Connection broken: IncompleteRead(…)')",
            "broke off",
        ),
        ("ERROR: Could not find a version that satisfies x==1 (from versions: none)", "can't be reached"),
        ("ERROR: something new", "something new"),
        ("", "nothing"),
    ],
)
def test_each_failure_of_pip_has_its_sentence(prepare: ModuleType, output: str, expected: str) -> None:
    sentence = prepare.explain(output)
    assert expected in sentence
    assert "\n" not in sentence
    assert "try again" in sentence.lower()


def test_only_what_the_lock_names_is_installed(prepare: ModuleType) -> None:
    """Where pip resolves, a new release of what is wanted with an extra made it refuse the whole lock."""
    assert {"--no-deps", "--require-hashes"} <= set(prepare.PIP_OPTIONS)


def test_the_locks_hold_hashes_and_no_address() -> None:
    for lock in CHECKOUT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert "--index-url" not in text
        assert "--find-links" not in text
        entries = [line for line in text.splitlines() if "==" in line and not line.lstrip().startswith("#")]
        assert entries
        assert all(line.endswith("\\") for line in entries), "a package without a hash"


def test_python_is_the_environments_and_the_rest_are_management_commands(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    lock = (CHECKOUT / "requirements.lock").read_bytes()
    (tmp_path / "installed-locks").write_text(hashlib.sha256(lock).hexdigest())

    def run(*command: str) -> str:
        program = [sys.executable, str(CHECKOUT / "bin" / "prepare.py"), *command]
        environment = os.environ | {"HEADWATER_VENV": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(program, env=environment, capture_output=True, text=True, check=True).stdout

    assert run("python", "-c", "import sys; print(sys.executable)") == f"{tmp_path}/bin/python\n"
    assert "--detach" in run("up", "--help")

"""Puts Patroni and etcd where the comparison finds them; done once per user and lock."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from host.trees import TREES, Programs, TreeSpec, install_trees
from host.trees.catalogue import Trial

LOCK = Path(__file__).with_name("requirements.lock")
KEPT = Path.home() / ".cache" / "headwater" / "peers"
INSTALL_SECONDS = 300
ETCD = TreeSpec(
    name="etcd",
    title="etcd for the comparison with Patroni",
    suite="trixie",
    packages=("etcd-server",),
    directories=("usr/bin",),
    setting="HEADWATER_ETCD_BIN",
    trials=(Trial("etcd", ("--version",), "etcd Version: 3."),),
)


def etcd() -> Path:
    """Return etcd's program, installed where it is missing. Raises TreeError."""
    TREES[ETCD.name] = ETCD
    programs = Programs(KEPT / "trees")
    install_trees(programs, [ETCD.name], lambda _sentence, _fraction: None)
    return programs.program(ETCD.name, "etcd")


def patroni() -> list[str]:
    """Return the command that runs Patroni, installed where it is missing."""
    environment = KEPT / f"patroni-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    python, complete = environment / "bin" / "python", environment / "complete"
    if not complete.exists():
        venv.EnvBuilder(with_pip=False, clear=environment.exists()).create(environment)
        install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
        command = [*install, "--no-deps", "--require-hashes", "--requirement", str(LOCK)]
        subprocess.run(command, check=True, timeout=INSTALL_SECONDS)
        complete.touch()
    return [str(python), "-m", "patroni"]

"""A whole installation for tests: `manage.py up --detach` in a home of its own, as a person would start it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
UP_SECONDS = 240
DOWN_SECONDS = 120


@dataclass(frozen=True)
class Installation:
    """A running console with its own home, ports and data stores."""

    home: Path
    url: str
    operator_link: str
    environment: dict[str, str]

    def manage(self, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a management command against this installation."""
        return manage(self.environment, *arguments, seconds=seconds)


def manage(environment: dict[str, str], *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """Run manage.py with an environment; output and status are the caller's to judge."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=environment,
        text=True,
        capture_output=True,
        timeout=seconds,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def free_ports(count: int) -> int:
    """Return the first of ``count`` ports in a row that nothing listens on now."""
    for first in range(24_100 + os.getpid() % 50 * 100, 60_000, 100):
        if all(_is_free(first + offset) for offset in range(count)):
            return first
    raise AssertionError("no free ports on this machine")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def make_environment(home: Path, **extra: str) -> dict[str, str]:
    """Return the environment of an installation in ``home`` that shares this test run's engine trees only."""
    first = free_ports(60)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HEADWATER_", "DJANGO_", "PYTEST_"))}
    for variable in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL"):
        kept.pop(variable, None)
    return (
        kept
        | {
            "HEADWATER_HOME": str(home),
            "HEADWATER_ENGINES": str(settings.HOME.engines),
            "HEADWATER_PORT": str(first),
            "HEADWATER_EDGE_FIRST_PORT": str(first + 10),
            "HEADWATER_EDGE_SLOTS": "20",
            "HEADWATER_NODE_FIRST_PORT": str(first + 35),
            "HEADWATER_NEW_ORGANIZATIONS": "paid",  # so that tests make what they need
        }
        | extra
    )


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """Start one for the whole run; stop everything of it afterwards."""
    home = Path(tempfile.mkdtemp(prefix="hw-", dir="/tmp"))  # short: sockets live below it
    environment = make_environment(home)
    started = manage(environment, "up", "--detach", seconds=UP_SECONDS)
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        link = re.search(r"https?://\S+/operator/sign-in/\S+", started.stdout)
        assert link, started.stdout
        yield Installation(home, f"http://localhost:{environment['HEADWATER_PORT']}", link[0], environment)
    finally:
        manage(environment, "down", "--all", seconds=DOWN_SECONDS)
        shutil.rmtree(home, ignore_errors=True)

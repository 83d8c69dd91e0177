"""The console's Python services: monitor, web, worker and beat. Their order is the order in which they start."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from host.paths import Home
from host.supervisor import ServiceSpec

MONITOR, WEB, WORKER, BEAT = "monitor", "web", "worker", "beat"
WEB_THREADS = 8
# A watch, backups, proofs and looks at archives may take half of them at a time; people wait for the rest.
WORKER_THREADS = 8
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
GRACE_SECONDS = 10  # for requests that are being answered while the console stops

# What an operator sets on purpose reaches the services; the rest of the starter's environment does not.
PASSED_ON = (
    "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "LANG", "TZ", "PYTHONPYCACHEPREFIX",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy", "no_proxy",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
)  # fmt: skip
OWN_PREFIX = "HEADWATER_"
# glibc gives every thread an arena of its own, which costs a threaded Python 20 to 30 MiB.
FRUGAL = {"MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


def services(home: Home, checkout: Path, bind: str, port: int) -> list[ServiceSpec]:
    """Return monitor, web, worker and beat as services; secrets are in their environment, private to the owner."""
    environment = service_environment(os.environ, home)
    commands = {MONITOR: ["django", "monitor"], WEB: _web(bind, port), WORKER: _worker(), BEAT: _beat(home)}
    return [
        ServiceSpec(
            name=name,
            command=[sys.executable, "-m", *command],
            working_directory=checkout,
            environment=environment,
        )
        for name, command in commands.items()
    ]


def service_environment(environment: Mapping[str, str], home: Home) -> dict[str, str]:
    """Return the whole environment of the Python services."""
    passed_on = {
        name: value
        for name, value in environment.items()
        if name in PASSED_ON or (name.startswith(OWN_PREFIX) and name != "HEADWATER_SERVICE")
    }
    places = {
        "HEADWATER_HOME": str(home.root),
        "HEADWATER_ENGINES": str(home.engines),
        "HOME": str(home.root),
    }
    return passed_on | places | FRUGAL | {"DJANGO_SETTINGS_MODULE": "console.settings"}


def _web(bind: str, port: int) -> Sequence[str]:
    host = f"[{bind}]" if ":" in bind else bind
    # The worker touches a file every second; on a disk that blocks it would be taken for dead.
    heartbeats = ["--worker-tmp-dir", str(SHARED_MEMORY)] if os.access(SHARED_MEMORY, os.W_OK) else []
    return [
        "gunicorn", "console.wsgi", "--bind", f"{host}:{port}", "--worker-class", "gthread",
        "--workers", "1", "--threads", str(WEB_THREADS), *heartbeats,
        "--graceful-timeout", str(GRACE_SECONDS), "--no-control-socket", "--log-level", "warning",
    ]  # fmt: skip


def _worker() -> Sequence[str]:
    return [
        "celery", "--app", "console", "worker", "--pool", "threads", "--concurrency", str(WORKER_THREADS),
        "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING",
    ]  # fmt: skip


def _beat(home: Home) -> Sequence[str]:
    return [
        "celery", "--app", "console", "beat", "--schedule", str(home.run / "beat-schedule"), "--pidfile", "",
        "--loglevel", "WARNING",
    ]  # fmt: skip

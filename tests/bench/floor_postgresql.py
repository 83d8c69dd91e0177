"""The floor of Create: how long PostgreSQL itself takes from its start to the first query over TLS.

Nothing of the product runs here but a node's settings, certificate and sandbox: no console, no supervisor, no
edge. Run as a program it prints the floor, one initialisation, and the way from the warm pool to the first
query. Django must be set up before this module is imported.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.test.utils import override_settings

from datastores.limits import PlanFacts
from datastores.sites.local import pool
from datastores.sites.local.certificates import ensure_certificate
from datastores.sites.local.engine import Place, Sizing
from datastores.sites.local.postgresql import LocalPostgreSQL
from host.authority import Authority
from host.paths import Home

ENGINE = LocalPostgreSQL()
HOBBYIST = Sizing(PlanFacts("hobbyist", ram_gib=1, node_count=1), storage_gib=8, development=True)
PASSWORD = "floor"
POLL_SECONDS = 0.002
LONGEST_SECONDS = 30.0


def bare_start_seconds() -> float:
    """Seconds from starting an initialised, configured server to the answer to its first query over TLS."""
    place = _prepared_once()
    began = time.perf_counter()
    with _started(place):
        _wait_for(lambda: _answers(place))
        return time.perf_counter() - began


def pooled_start_seconds() -> float:
    """Seconds from asking the pool for a directory to the first query over TLS."""
    with override_settings(HOME=_home()):
        began = time.perf_counter()
        place = _prepare()
        with _started(place):
            _secure(place)
            _wait_for(lambda: _answers(place))
            return time.perf_counter() - began


def initialise_seconds() -> float:
    """Seconds of one initialisation, as the warm pool makes it."""
    with override_settings(HOME=_home()):
        began = time.perf_counter()
        ENGINE.initialise(_home().nodes / f"made-{uuid.uuid4().hex}")
        return time.perf_counter() - began


@functools.cache
def _home() -> Home:
    """Return a home of this process, on the disk of the temporary directory."""
    home = Home(Path(tempfile.mkdtemp(prefix="hw-floor-")), engine_trees=settings.HOME.engines)
    atexit.register(shutil.rmtree, home.root, ignore_errors=True)
    home.make()
    return home


@functools.cache
def _prepared_once() -> Place:
    with override_settings(HOME=_home()):
        place = _prepare()
        with _started(place):
            _secure(place)
    return place


def _prepare() -> Place:
    home, name = _home(), f"node-{uuid.uuid4().hex[:12]}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = Place(name, home.nodes / name, home.run / name, port)
    place.directory.mkdir()
    pool.take(ENGINE, place.data)
    ensure_certificate(place, Authority(home))
    ENGINE.configure(place, HOBBYIST)
    return place


def _secure(place: Place) -> None:
    _wait_for(lambda: ENGINE.ready(place))
    ENGINE.set_password(place, "hwadmin", PASSWORD)


@contextmanager
def _started(place: Place) -> Iterator[None]:
    with override_settings(HOME=_home()):
        spec = ENGINE.service(place)
    environment = {"PATH": os.environ["PATH"], **spec.environment}
    with subprocess.Popen(
        spec.command,
        cwd=spec.working_directory,
        env=environment,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield
        finally:
            process.send_signal(spec.stop_signal)


def _answers(place: Place) -> bool:
    ca = Authority(_home()).certificate_file
    try:
        with psycopg.connect(
            host="localhost",
            hostaddr="127.0.0.1",
            port=place.port,
            user="hwadmin",
            password=PASSWORD,
            dbname="defaultdb",
            sslmode="verify-full",
            sslrootcert=str(ca),
        ) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not answer")
        time.sleep(POLL_SECONDS)


def main() -> None:
    """Print the table."""
    with override_settings(HOME=_home()):
        pool.fill(ENGINE, 11)
    for label, values in (
        ("initialisation", [initialise_seconds() for _ in range(5)]),
        ("bare start to first TLS query", [bare_start_seconds() for _ in range(10)]),
        ("pool to first TLS query", [pooled_start_seconds() for _ in range(10)]),
    ):
        figures = (statistics.median(values), min(values), max(values))
        print("{:32} median {:.3f} s, {:.3f} to {:.3f} s".format(label, *figures))


if __name__ == "__main__":
    main()

"""The floor of Create: how long an engine itself takes from its start to the first answer over TLS.

Nothing of the product runs here but a node's settings, certificate and sandbox: no console, no supervisor, no
edge. Django must be set up before this module is imported.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.test.utils import override_settings

from datastores.limits import PlanFacts
from datastores.sites.contract import Endpoint
from datastores.sites.local import pool
from datastores.sites.local.certificates import ensure_certificate
from datastores.sites.local.engine import Place, ProbeFailure, Sizing
from datastores.sites.local.engines import LOCAL_ENGINES
from host.authority import Authority
from host.paths import Home

HOBBYIST = Sizing(PlanFacts("hobbyist", ram_gib=1, node_count=1), storage_gib=8, development=True)
POLL_SECONDS = 0.002
LONGEST_SECONDS = 30.0


def bare_start_seconds(slug: str) -> float:
    """Seconds from starting an initialised, configured server to its first answer to a verified TLS login."""
    with override_settings(HOME=_home()):
        place = _prepared(slug)
        began = time.perf_counter()
        with _started(slug, place):
            _wait_for(lambda: _answers(slug, place))
            return time.perf_counter() - began


@functools.cache
def _home() -> Home:
    """Return a home of this process, on the disk of the temporary directory."""
    home = Home(Path(tempfile.mkdtemp(prefix="hw-floor-")), engine_trees=settings.HOME.engines)
    atexit.register(shutil.rmtree, home.root, ignore_errors=True)
    home.make()
    return home


@functools.cache
def _prepared(slug: str) -> Place:
    """Make a node once: initialised, configured, started once and stopped."""
    home, name, engine = _home(), f"node-{uuid.uuid4().hex[:12]}", LOCAL_ENGINES[slug]
    place = Place(name, home.nodes / name, home.run / name, _free_port())
    place.directory.mkdir()
    pool.take(engine, place.data)
    ensure_certificate(place, Authority(home))
    engine.configure(place, HOBBYIST)
    with _started(slug, place):
        _wait_for(lambda: engine.ready(place))
        engine.set_password(place, "hwadmin", "floor")
        _wait_for(lambda: _answers(slug, place))
    return place


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _started(slug: str, place: Place) -> Iterator[None]:
    spec = LOCAL_ENGINES[slug].service(place)
    environment = {"PATH": os.environ["PATH"], **spec.environment}
    with subprocess.Popen(
        spec.command, cwd=spec.working_directory, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.send_signal(spec.stop_signal)


def _answers(slug: str, place: Place) -> bool:
    try:
        endpoint = Endpoint("localhost", place.port)
        return bool(LOCAL_ENGINES[slug].probe(place, endpoint, Authority(_home()).certificate_file))
    except ProbeFailure:
        return False


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not answer")
        time.sleep(POLL_SECONDS)

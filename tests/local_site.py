"""The real local site for tests: a running edge, a warm pool, and clients that verify everything."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.utils import timezone

from datastores.models import DataStore, Node, Operation
from datastores.operations import runner
from datastores.sites.local import pool
from datastores.sites.local.edge_service import EDGE_SERVICE, edge_service
from datastores.sites.local.engines import LOCAL_ENGINES
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.places import place_of
from host.waiting import wait_until

SETTLE_SECONDS = 60.0


@pytest.fixture(scope="session")
def running_edge() -> Iterator[Machine]:
    """The test installation's edge, supervised as in the product, and a warm pool."""
    parts = machine()
    parts.home.make()
    parts.edge.sync([])
    parts.supervisor.write(edge_service(parts))
    parts.supervisor.start(EDGE_SERVICE)
    assert wait_until(parts.edge.answering, 5)
    for engine in LOCAL_ENGINES.values():
        pool.fill(engine, 1)
    yield parts
    for name in parts.supervisor.names():
        parts.supervisor.remove(name, 5)


@pytest.fixture
def local_site(running_edge: Machine, db: None) -> Iterator[Machine]:
    """The local site with nothing on it, before and after the test."""
    yield running_edge
    for node in Node.objects.exclude(port=None):
        running_edge.supervisor.remove(place_of(node, running_edge.home).name, 5)
    for directory in [*running_edge.home.nodes.iterdir(), *running_edge.home.run.glob("node-*")]:
        shutil.rmtree(directory)
    running_edge.edge.sync([])


def settle(operation: Operation) -> Operation:
    """Run an operation to its end, as worker and beat do together; fail after a minute."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while Operation.objects.active().filter(pk=operation.pk).exists():
        assert time.monotonic() < deadline, Operation.objects.get(pk=operation.pk).sentence
        Operation.objects.filter(pk=operation.pk, lease=None).update(due_at=timezone.now())
        runner.run(operation.pk)
        time.sleep(0.02)
    operation.refresh_from_db()
    return operation


def connect(store: DataStore, *, user: str | None = None, password: str | None = None) -> psycopg.Connection:
    """Connect as a client does: stable address, TLS, full verification."""
    store = DataStore.objects.select_related("slot").get(pk=store.pk)
    return psycopg.connect(
        host=settings.EDGE_HOST,
        port=store.slot.port,
        user=user or store.admin_user,
        password=password or store.admin_password,
        dbname=store.default_database,
        sslmode="verify-full",
        sslrootcert=str(machine().ca_file),
        connect_timeout=5,
        autocommit=True,
    )

"""Rotation without downtime: 200 rotations of a pooled client under continuous load, and its failed operations.

The client takes its login from the delivery endpoint whenever its pool opens a connection. Each rotation ends when the
old login is retired. The baseline is the same load without rotations.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

from tests.bench.bench_store_list import database  # makes Django ready first

# isort: split
from django.conf import settings
from django.db import connection
from django.test import Client

from console.audit import Actor
from console.models import Environment, Member, Organization, Person
from datastores import actions
from datastores.actions.credentials import create_login
from datastores.logins import Rights
from datastores.models import DataStore, Region, ServicePlan
from datastores.sites.local import pool
from datastores.sites.local.edge_service import EDGE_SERVICE, edge_service
from datastores.sites.local.engines import LOCAL_ENGINES
from datastores.sites.local.machine import Machine, machine
from host.waiting import wait_until
from marketplace.actions.connections import create_connection
from marketplace.actions.delivery import create_token
from marketplace.actions.listings import add_to_marketplace
from marketplace.actions.projects import create_project
from marketplace.actions.rotation import look_at, rotate
from marketplace.models import Binding, Rotation
from tests.bench.report import Row, report
from tests.local_site import connect, settle
from tests.real.marketplace.load import Load

ROTATIONS = 200
BASELINE_SECONDS = 20
QUIET_SECONDS = 0.5
NAMES = {"HOSTNAME": "host", "PORT": "port", "USERNAME": "user", "PASSWORD": "password", "DATABASENAME": "dbname"}


@contextlib.contextmanager
def site() -> Iterator[Machine]:
    """Run the edge and keep one initialised directory ready; stop everything afterwards."""
    parts = machine()
    parts.home.make()
    parts.edge.sync([])
    parts.supervisor.write(edge_service(parts))
    parts.supervisor.start(EDGE_SERVICE)
    if not wait_until(parts.edge.answering, 10):
        raise RuntimeError("the edge did not start")
    pool.fill(LOCAL_ENGINES["postgresql"], 1)
    try:
        yield parts
    finally:
        for name in parts.supervisor.names():
            parts.supervisor.remove(name, 5)


def connected() -> tuple[Member, Binding, str]:
    """Make a data store, a connection to it, and a delivery token; returns who owns them, the connection and the token."""
    person = Person.objects.create(email="bench@example.test")
    actor = Actor(person=person)
    own = Organization.objects.create(name="Own", handle="own")
    environment = Environment.objects.create(organization=own, name="Development")
    member = Member.objects.create(organization=own, person=person, role="admin")
    store = actions.create_store(
        actor=actor, member=member, engine="postgresql", name="orders", region=Region.objects.all()[0],
        plan=ServicePlan.objects.get(slug="hobbyist"),
    )  # fmt: skip
    settle(store.operations.get())
    store = DataStore.objects.select_related("slot", "plan", "region__site", "organization").get(pk=store.pk)
    with connect(store) as client:
        client.execute("CREATE TABLE kept (word text)")
    credential = create_login(
        actor=actor, store=store, database="defaultdb", name="app", environment=environment, rights=Rights.READ_WRITE
    )
    listing = add_to_marketplace(actor=actor, store=store, database="defaultdb")
    project = create_project(actor=actor, organization=own, name="Shop", description="")
    made = create_connection(
        actor=actor, member=member, listing=listing, project=project, component=None, name="orders", description="",
        choices={environment: credential},
    )  # fmt: skip
    binding = made.bindings.get()
    return member, binding, create_token(actor=actor, member=member, binding=binding, name="bench")


def fetched(binding: Binding, token: str) -> dict[str, Any]:
    """Return what a new connection of the pool logs in with, as the delivery endpoint says it now."""
    answer = Client(HTTP_HOST="localhost").get(
        f"/delivery/{binding.pk}/?format=json", headers={"Authorization": f"Bearer {token}"}
    )
    connection.close()  # this thread's own
    values: dict[str, str] = json.loads(answer.content)
    found = {NAMES[name.rsplit("_", 1)[1]]: value for name, value in values.items() if name.startswith("CHOREO_")}
    return {**found, "sslmode": "verify-full", "sslrootcert": str(machine().ca_file), "autocommit": True}


def rotated(member: Member, binding: Binding) -> tuple[float, float]:
    """Rotate once; returns the seconds until the successor was handed out, and until the old login was retired."""
    began = time.perf_counter()
    binding.refresh_from_db()
    rotation = rotate(actor=Actor(person=member.person), member=member, binding=binding)
    handed_out = time.perf_counter() - began
    while rotation.state != Rotation.State.RETIRED:
        look_at(rotation)
        rotation.refresh_from_db()
        time.sleep(0.05)
    return handed_out, time.perf_counter() - began


def main() -> None:
    """Measure the load alone, then with rotations."""
    settings.ROTATION_QUIET_SECONDS = QUIET_SECONDS
    settings.CACHES["default"] = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    with database(), site():
        member, binding, token = connected()
        with Load(lambda: fetched(binding, token)) as quiet:
            time.sleep(BASELINE_SECONDS)
        with Load(lambda: fetched(binding, token)) as load:
            began = time.monotonic()
            took = [rotated(member, binding) for _ in range(ROTATIONS)]
            seconds = time.monotonic() - began
        report(
            "Rotation: 200 under continuous load",
            [
                Row("failed operations without rotations", [len(quiet.failures)], "operations", 0),
                Row("failed operations", [len(load.failures)], "operations", 0),
                Row("operations per second without rotations", [quiet.done / BASELINE_SECONDS], "1/s"),
                Row(
                    "operations per second", [load.done / seconds], "1/s",
                    baseline="operations per second without rotations",
                ),
                Row("until the successor is handed out", [one for one, _ in took]),
                Row("until the old login is retired", [two for _, two in took]),
            ],
        )  # fmt: skip
        for failure in load.failures[:5]:
            print(failure)


if __name__ == "__main__":
    main()

"""Connections on a real PostgreSQL: they outlive what they were made from, are delivered, and rotate under load."""

from __future__ import annotations

import json
import time
from typing import Any

import psycopg
import pytest
from django.test import Client

from console.audit import Actor
from console.errors import Refusal
from console.models import AuditEvent, Environment, Member, Notice
from datastores import actions as stores
from datastores.actions.credentials import create_login, delete_credential, import_super_admin
from datastores.logins import Rights
from datastores.models import Credential, DataStore
from datastores.sites.local.machine import machine
from marketplace.actions.connections import create_connection
from marketplace.actions.delivery import create_token
from marketplace.actions.drift import check_due_logins
from marketplace.actions.listings import add_to_marketplace, remove_from_marketplace
from marketplace.actions.projects import create_project
from marketplace.actions.rotation import look_at, rotate
from marketplace.models import Binding, DeliveryToken, Rotation
from tests.local_site import connect, settle
from tests.real.marketplace.load import Load

pytestmark = [pytest.mark.real, pytest.mark.django_db]


@pytest.fixture
def store(actor: Actor, admin: Member, region: Any, plan: Any, local_site: object) -> DataStore:
    """A running PostgreSQL with a table."""
    made = stores.create_store(actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan)
    settle(made.operations.get())
    made = DataStore.objects.select_related("slot", "plan", "region__site", "organization").get(pk=made.pk)
    with connect(made) as client:
        client.execute("CREATE TABLE kept (word text)")
    return made


@pytest.fixture
def binding(store: DataStore, actor: Actor, admin: Member) -> Binding:
    """A project's connection to it in Development, with a read-write login."""
    environment = Environment.objects.get(name="Development")
    credential = create_login(
        actor=actor, store=store, database="defaultdb", name="app", environment=environment, rights=Rights.READ_WRITE
    )
    listing = add_to_marketplace(actor=actor, store=store, database="defaultdb")
    project = create_project(actor=actor, organization=store.organization, name="Shop", description="")
    connection = create_connection(
        actor=actor, member=admin, listing=listing, project=project, component=None, name="orders", description="",
        choices={environment: credential},
    )  # fmt: skip
    return connection.bindings.get()


def log_in(values: dict[str, str]) -> psycopg.Connection:
    return psycopg.connect(**parameters(values))


def parameters(values: dict[str, str]) -> dict[str, Any]:
    names = {"HOSTNAME": "host", "PORT": "port", "USERNAME": "user", "PASSWORD": "password", "DATABASENAME": "dbname"}
    found = {names[name.rsplit("_", 1)[1]]: value for name, value in values.items() if name.startswith("CHOREO_")}
    verified = {"sslmode": "verify-full", "sslrootcert": str(machine().ca_file), "connect_timeout": 5}
    return {**found, **verified, "autocommit": True}


def fetch(binding: Binding, token: str, query: str = "", accept: str = "*/*") -> Any:
    headers = {"Authorization": f"Bearer {token}", "Accept": accept}
    return Client().get(f"/delivery/{binding.pk}/{query}", headers=headers)


def values_of(binding: Binding, token: str) -> dict[str, str]:
    answer = fetch(binding, token, accept="application/json")
    assert answer.status_code == 200, answer.content
    found: dict[str, str] = json.loads(answer.content)
    return found


def test_a_connection_is_delivered_and_outlives_what_it_was_made_from(
    binding: Binding, actor: Actor, admin: Member
) -> None:
    token = create_token(actor=actor, member=admin, binding=binding, name="pipeline")
    assert token not in repr(list(DeliveryToken.objects.values()))
    text = fetch(binding, token).content.decode()
    assert text.startswith("CHOREO_ORDERS_HOSTNAME=localhost\nCHOREO_ORDERS_PORT=")
    values = values_of(binding, token)
    log_in(values).close()
    assert AuditEvent.objects.filter(action="connection.delivered", actor="token “pipeline”").count() == 2
    assert fetch(binding, token, query="?format=ca").content.startswith(b"-----BEGIN CERTIFICATE")

    # neither the credential nor the listing is needed any more
    listing = binding.connection.listing
    assert listing
    delete_credential(actor=actor, credential=Credential.objects.get(), drop_login=False)
    remove_from_marketplace(actor=actor, listing=listing)
    assert values_of(binding, token) == values
    log_in(values).close()

    # a token of another connection, a revoked one, none: all alike
    other = DeliveryToken.generate()
    assert {fetch(binding, word).status_code for word in (other, "", "x" * 3000)} == {401}
    DeliveryToken.objects.update(revoked_at="2026-01-01T00:00Z")
    assert fetch(binding, token).status_code == 401
    assert [fetch(binding, other).status_code for _ in range(20)][-1] == 429


def test_a_rotation_under_load_fails_nobody(
    binding: Binding, store: DataStore, actor: Actor, admin: Member, settings: Any
) -> None:
    settings.ROTATION_QUIET_SECONDS = 0.3
    token = create_token(actor=actor, member=admin, binding=binding, name="pipeline")
    current = {"values": parameters(values_of(binding, token))}
    first = binding.username
    with Load(lambda: current["values"]) as load:
        for _ in range(3):
            binding.refresh_from_db()
            rotation = rotate(actor=actor, member=admin, binding=binding)
            current["values"] = parameters(values_of(binding, token))
            wait_retired(rotation)
        done = load.done
    assert load.failures == []
    assert done > 50
    names = [current["values"]["user"], *Rotation.objects.values_list("old_username", flat=True)]
    assert len(set(names)) == 4
    assert first in names
    with connect(store) as client:
        rows = client.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [names]).fetchall()
    assert rows == [(current["values"]["user"],)]
    assert Credential.objects.get().username == current["values"]["user"]


def wait_retired(rotation: Rotation) -> None:
    deadline = time.monotonic() + 20
    while rotation.state != Rotation.State.RETIRED:
        assert time.monotonic() < deadline
        rotation.refresh_from_db()
        look_at(rotation)
        rotation.refresh_from_db()
        time.sleep(0.05)


def test_the_super_admin_is_rotated_only_when_it_is_said_and_stays(
    binding: Binding, store: DataStore, actor: Actor, admin: Member
) -> None:
    environment, listing = Environment.objects.get(name="Development"), binding.connection.listing
    assert listing
    root = import_super_admin(actor=actor, store=store, database="defaultdb", name="root", environment=environment)
    binding = create_connection(
        actor=actor, member=admin, listing=listing, project=binding.connection.project,
        component=None, name="root", description="", choices={environment: root},
    ).bindings.get()  # fmt: skip
    token = create_token(actor=actor, member=admin, binding=binding, name="pipeline")
    with pytest.raises(Refusal, match="super admin"):
        rotate(actor=actor, member=admin, binding=binding)
    rotation = rotate(actor=actor, member=admin, binding=binding, super_admin_too=True)
    with log_in(values_of(binding, token)) as client:
        client.execute("CREATE TABLE by_successor (word text)")
        client.execute("CREATE DATABASE by_successor")
    look_at(rotation)
    rotation.refresh_from_db()
    assert rotation.state == Rotation.State.WATCHING
    connect(store).close()
    root.refresh_from_db()
    assert root.username == store.admin_user


def test_drift_is_noticed_on_schedule_by_everybody_who_keeps_the_login(binding: Binding, store: DataStore) -> None:
    with connect(store) as client:
        client.execute(f"ALTER ROLE {binding.username} PASSWORD 'other'")
    Credential.objects.update(checked_at=None)
    assert check_due_logins() == 1
    assert {row.state for row in (Credential.objects.get(), Binding.objects.get())} == {"password"}
    assert check_due_logins() == 0
    (notice,) = Notice.objects.filter(kind="login")
    assert binding.username in notice.sentence

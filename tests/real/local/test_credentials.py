"""Databases and credentials through their pages, on a real PostgreSQL behind the real edge."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.test import Client

from console.models import AuditEvent, Environment, Member
from console.permissions import Role
from datastores import actions as stores
from datastores.actions import credentials as actions
from datastores.actions.trying import check_login
from datastores.models import AllowedNetwork, Credential, DataStore
from datastores.sites.local.machine import machine
from datastores.sites.registry import driver_of
from tests.local_site import connect, settle
from tests.unit.pages.conftest import SignIn, sign_in  # noqa: F401 - a fixture

pytestmark = [pytest.mark.real, pytest.mark.django_db]


@pytest.fixture
def running(actor: Any, admin: Member, region: Any, plan: Any, local_site: object) -> DataStore:
    """A Hobbyist PostgreSQL that was made as the page makes it."""
    store = stores.create_store(actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan)
    settle(store.operations.get())
    return DataStore.objects.select_related("slot", "plan", "region__site", "organization").get(pk=store.pk)


def test_from_a_new_database_to_credentials_that_are_watched(
    running: DataStore,
    sign_in: SignIn,  # noqa: F811 - the fixture
) -> None:
    browser, base = sign_in(Role.DEVOPS), f"/databases/{running.pk}"
    assert browser.post(f"{base}/databases/create/", {"name": "shop"}).status_code == 302
    assert "already" in browser.post(f"{base}/databases/create/", {"name": "shop"}).content.decode()
    with connect(running) as admin:
        admin.execute("CREATE ROLE app LOGIN PASSWORD 'first'")

    # what is tried and fails is told apart, and nothing is kept
    development = Environment.objects.get(name="Development")
    form = {"use": "created", "name": "shop app", "environment": development.pk, "username": "app", "password": "first"}
    url = f"{base}/credentials/import/?database=shop"
    for changes, words in (
        ({}, "No right to connect"),
        ({"password": "wrong"}, "Wrong password"),
        ({"password": ""}, "Enter the password"),
    ):
        answer = browser.post(url, form | changes)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert not Credential.objects.exists()

    # what works is kept, encrypted, under a name that is given once
    with connect(running) as admin:
        admin.execute("GRANT CONNECT ON DATABASE shop TO app")
    assert browser.post(url, form).status_code == 302
    assert "already" in browser.post(url, form | {"name": "SHOP APP"}).content.decode()
    credential = Credential.objects.get()
    assert (credential.database, credential.username, credential.secret) == ("shop", "app", "first")
    assert "first" not in repr(list(AuditEvent.objects.values()))
    assert browser.post(url, form | {"use": "super_admin", "name": "root"}).status_code == 302
    make = {"name": "reader", "environment": development.pk, "rights": "read_only"}
    assert browser.post(f"{base}/credentials/create/?database=shop", make).status_code == 302
    made = Credential.objects.get(kind="made")
    with psycopg_login(running, made) as reader:
        assert reader.execute("SELECT current_database()").fetchone() == ("shop",)

    # a change outside the console is noticed on the page, and repaired
    with connect(running) as admin:
        admin.execute("ALTER ROLE app PASSWORD 'second'")
        admin.execute(f"DROP ROLE {made.username}")
    Credential.objects.update(checked_at=None)
    page = browser.get(f"{base}/databases/?database=shop").content.decode()
    assert page.count("Password changed or login dropped") == 2
    assert page.count("Works") == 1
    repair = f"{base}/credentials/{credential.pk}/repair/"
    assert "Wrong password" in browser.post(repair, {"password": "first"}).content.decode()
    assert browser.post(repair, {"password": "second"}).status_code == 302
    assert browser.post(f"{base}/credentials/{made.pk}/repair/").status_code == 302
    psycopg_login(running, made).close()
    assert set(Credential.objects.values_list("state", flat=True)) == {"works"}

    # deleting the database by its name takes its credentials and logins with it
    owner = as_admin()
    drop = f"{base}/databases/delete/?database=shop"
    assert owner.post(drop, {"confirm_name": "Shop"}).status_code == 422
    assert owner.post(drop, {"confirm_name": "shop"}).status_code == 302
    assert not Credential.objects.exists()
    with connect(running) as admin:
        assert admin.execute("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'shop_%'").fetchone() == (0,)
        assert admin.execute("SELECT count(*) FROM pg_database WHERE datname = 'shop'").fetchone() == (0,)


def test_a_login_is_tried_where_the_allow_list_leaves_the_platform_out_and_a_silent_server_is_no_drift(
    running: DataStore, actor: Any
) -> None:
    environment = running.organization.environments.first()
    assert environment
    credential = actions.import_super_admin(
        actor=actor, store=running, database="defaultdb", name="root", environment=environment
    )
    AllowedNetwork.objects.filter(store=running).delete()
    AllowedNetwork.objects.create(store=running, network="192.0.2.0/24")
    driver_of(running).apply_allow_list(running)
    check_login(credential)
    assert credential.state == Credential.State.WORKS
    Credential.objects.update(state="password")
    credential.refresh_from_db()
    running.set_state(DataStore.State.POWERED_OFF)
    credential.store.refresh_from_db()
    check_login(credential)
    assert credential.state == Credential.State.PASSWORD  # what was known stays


def as_admin() -> Client:
    browser = Client()
    browser.force_login(Member.objects.get(role="admin").person, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def psycopg_login(store: DataStore, credential: Credential) -> psycopg.Connection:
    return psycopg.connect(
        host=settings.EDGE_HOST, port=store.slot.port, user=credential.username, password=credential.secret,
        dbname=credential.database, sslmode="verify-full", sslrootcert=str(machine().ca_file), autocommit=True,
    )  # fmt: skip

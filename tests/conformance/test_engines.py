"""What every engine on every site must do, seen by its own client. A new engine passes this or does not land."""

from __future__ import annotations

import contextlib
import resource
import signal
import socket
from collections.abc import Callable
from functools import partial

import pytest

from console.audit import Actor
from console.models import AuditEvent, Member
from datastores import actions
from datastores.engines.registry import ENGINES, engine
from datastores.models import DataStore, EdgeSlot, Operation, Region, ServicePlan
from datastores.sites.local.doctor import examine
from datastores.sites.local.machine import Machine
from datastores.sites.local.measuring import measure
from datastores.sites.local.places import place_of
from datastores.sites.registry import driver_of
from host.waiting import wait_until
from tests.conformance.clients import CLIENTS, Client
from tests.local_site import settle

pytestmark = [pytest.mark.real, pytest.mark.django_db]
MOST_LOGINS = 100
REFUSED = {kind for client in CLIENTS.values() for kind in client.refused}
Log = Callable[..., Client]


@pytest.fixture(params=sorted(ENGINES))
def store(
    request: pytest.FixtureRequest,
    actor: Actor,
    admin: Member,
    region: Region,
    plan: ServicePlan,
    local_site: Machine,
) -> DataStore:
    """A Hobbyist store of each engine, made as the page makes it."""
    made = actions.create_store(
        actor=actor, member=admin, engine=request.param, name="orders", region=region, plan=plan
    )
    done = settle(made.operations.get())
    assert done.state == Operation.State.DONE, done.sentence
    return fresh(made)


@pytest.fixture
def log_in(store: DataStore) -> Log:
    """Log in to the store with its engine's own client."""
    return partial(CLIENTS[store.engine], store)


def fresh(store: DataStore) -> DataStore:
    return DataStore.objects.select_related("slot", "plan", "region__site", "organization").get(pk=store.pk)


def test_a_client_can_use_what_was_made(store: DataStore, log_in: Log) -> None:
    assert store.state == DataStore.State.RUNNING
    assert "TLS" in store.evidence
    client = log_in()
    client.keep("hello")
    assert client.kept() == "hello"
    client.close()
    (database,) = driver_of(store).databases(store)
    assert (database.name, database.open) == (store.default_database, True)
    assert database.size_bytes > 0


def test_plain_text_is_refused(store: DataStore, log_in: Log) -> None:
    with pytest.raises(CLIENTS[store.engine].refused):
        log_in(tls=False)


def test_a_wrong_password_is_refused(store: DataStore, log_in: Log) -> None:
    with pytest.raises(CLIENTS[store.engine].refused):
        log_in(password="wrong")


def test_the_limit_holds_exactly_and_the_platform_still_gets_in(store: DataStore, log_in: Log) -> None:
    limit = engine(store.engine).connection_limit(store.plan.facts())
    with contextlib.ExitStack() as sessions:
        if limit > MOST_LOGINS:
            arrive(sessions, store, limit - MOST_LOGINS)
        for _ in range(min(limit, MOST_LOGINS)):
            sessions.enter_context(contextlib.closing(log_in()))
        with pytest.raises(CLIENTS[store.engine].refused):
            log_in()
        assert measure(store)
    assert wait_until(lambda: answers(log_in), 10)


def arrive(sessions: contextlib.ExitStack, store: DataStore, number: int) -> None:
    """Connect to the node and say nothing: a server with a limit of thousands counts that, and thousands of TLS
    handshakes would take minutes. It takes connections in their order, so a login after these comes behind them all."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, number + 2_000), most))
    port = store.nodes.get().port
    for _ in range(number):
        sessions.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))


def answers(log_in: Log) -> bool:
    with contextlib.suppress(*REFUSED):
        log_in().close()
        return True
    return False


def test_a_killed_server_is_back_with_its_data(store: DataStore, log_in: Log, local_site: Machine) -> None:
    log_in().keep("survived")
    program = local_site.supervisor.program(place_of(store.nodes.get(), local_site.home).name)
    assert program is not None
    program.send(signal.SIGKILL)
    assert wait_until(lambda: measure(fresh(store)), 20)
    assert log_in().kept() == "survived"


def test_power_off_and_on_keep_data_and_address(store: DataStore, log_in: Log, actor: Actor) -> None:
    log_in().keep("kept")
    port = store.slot.port
    settle(actions.power_off(actor=actor, store=store))
    with pytest.raises(CLIENTS[store.engine].refused):
        log_in()
    settle(actions.power_on(actor=actor, store=fresh(store)))
    assert EdgeSlot.objects.get(store=store).port == port
    assert log_in().kept() == "kept"


def test_a_reset_password_replaces_the_old_one(store: DataStore, log_in: Log, actor: Actor) -> None:
    session, old = log_in(), store.admin_password
    settle(actions.reset_password(actor=actor, store=store))
    with pytest.raises(CLIENTS[store.engine].refused):
        log_in(password=old)
    CLIENTS[store.engine](fresh(store)).close()
    session.ask()


def test_deleting_leaves_only_the_trail(store: DataStore, actor: Actor, local_site: Machine) -> None:
    place = place_of(store.nodes.get(), local_site.home)
    settle(actions.delete_store(actor=actor, store=store, typed_name="orders"))
    store.refresh_from_db()
    assert (store.state, store.admin_password) == (DataStore.State.DELETED, "")
    assert not place.directory.exists()
    assert not place.sockets.exists()
    assert place.name not in local_site.supervisor.names()
    assert not EdgeSlot.objects.filter(store=store).exists()
    assert AuditEvent.objects.filter(object_id=str(store.pk), action="store.deleted").exists()
    assert examine(local_site) == []

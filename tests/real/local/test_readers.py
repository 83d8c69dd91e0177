"""The reader endpoint of a cache with standbys, through the real site: from Create to deleted."""

from __future__ import annotations

from functools import partial

import pytest
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError
from redis.retry import Retry

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.models import DataStore, EdgeSlot, Node, Operation, Region, ServicePlan
from datastores.networks import Entry, fingerprint
from datastores.sites.contract import AccessChange
from datastores.sites.local import addresses
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.readers import lead_readers
from datastores.sites.registry import driver_of
from host.waiting import wait_until
from tests.local_site import settle

pytestmark = [pytest.mark.real, pytest.mark.django_db]


@pytest.fixture
def store(actor: Actor, admin: Member, region: Region, local_site: Machine) -> DataStore:
    """A cache with two standbys, that was made as the page makes it."""
    plan = ServicePlan.objects.get(slug="premium-4")
    made = actions.create_store(actor=actor, member=admin, engine="cache", name="sessions", region=region, plan=plan)
    done = settle(made.operations.get())
    assert done.state == Operation.State.DONE, done.sentence
    return DataStore.objects.select_related("slot", "plan", "region__site", "organization").get(pk=made.pk)


def reader(store: DataStore) -> redis.Redis:
    """Connect to the address for reads as a client does, with full verification."""
    endpoint = driver_of(store).reader_endpoint(store)
    assert endpoint is not None
    return connect(store, endpoint.port)


def connect(store: DataStore, port: int) -> redis.Redis:
    return redis.Redis(
        host=settings.EDGE_HOST,
        port=port,
        username=store.admin_user,
        password=store.admin_password,
        ssl=True,
        ssl_ca_certs=str(machine().ca_file),
        ssl_check_hostname=True,
        socket_timeout=5,
        retry=Retry(NoBackoff(), 0),
        single_connection_client=True,
        decode_responses=True,
    )


def has_the_key(session: redis.Redis) -> bool:
    return bool(session.get("key") == "value")


def serving(store: DataStore) -> int:
    endpoint = driver_of(store).reader_endpoint(store)
    assert endpoint is not None
    return endpoint.standbys


def standby_ports(store: DataStore) -> list[int]:
    return [node.port for node in store.nodes.filter(role=Node.Role.STANDBY) if node.port]


def test_reads_go_to_the_standbys_and_to_no_other_node(store: DataStore, actor: Actor, local_site: Machine) -> None:
    assert local_site.edge.differences(addresses.edge_slots()) == []
    ports = standby_ports(store)
    lead_readers(store, ports)
    assert not lead_readers(store, reversed(ports)), "nothing changes"
    assert serving(store) == 2
    with connect(store, store.slot.port) as writer, reader(store) as one, reader(store) as two:
        writer.set("key", "value")
        for session in (one, two):
            assert wait_until(partial(has_the_key, session), 5)
            with pytest.raises(ReadOnlyError):
                session.set("key", "other")
        assert len({session.info("server")["run_id"] for session in (writer, one, two)}) == 3
        stays = next(session for session in (one, two) if session.info("server")["tcp_port"] == ports[0])
        leaves = two if stays is one else one
        assert lead_readers(store, ports[:1])
        assert stays.get("key") == "value"
        with pytest.raises(redis.ConnectionError):
            leaves.get("key")
    _one_list_counts_for_both(store, actor)
    assert local_site.edge.differences(addresses.edge_slots()) == []
    _nobody_reads_from_a_store_that_is_off_or_deleted(store, actor)


def _one_list_counts_for_both(store: DataStore, actor: Actor) -> None:
    with connect(store, store.slot.port) as writer, reader(store) as session:
        assert writer.ping()
        assert session.ping()
        assert driver_of(store).sessions(store) is not None
        assert len(driver_of(store).sessions(store) or []) == 2
        seen = fingerprint(actions.allow_list(store))
        nobody_here = [Entry("203.0.113.0/24", "Office")]
        changed = actions.set_allow_list(actor=actor, store=store, wanted=nobody_here, seen=seen)
        assert changed == AccessChange(live=True, cut=2)
        for session_or_writer in (writer, session):
            with pytest.raises(redis.ConnectionError):
                session_or_writer.ping()
    with pytest.raises(redis.ConnectionError):
        reader(store).ping()
    everybody = [Entry("0.0.0.0/0", ""), Entry("::/0", "")]
    seen = fingerprint(actions.allow_list(store))
    actions.set_allow_list(actor=actor, store=store, wanted=everybody, seen=seen)
    with reader(store) as session:
        assert session.ping()


def _nobody_reads_from_a_store_that_is_off_or_deleted(store: DataStore, actor: Actor) -> None:
    assert settle(actions.power_off(actor=actor, store=store)).state == Operation.State.DONE
    assert serving(store) == 0
    with pytest.raises(redis.ConnectionError):
        reader(store).ping()
    store.refresh_from_db()
    done = settle(actions.delete_store(actor=actor, store=store, typed_name=store.name))
    assert done.state == Operation.State.DONE, done.sentence
    assert not EdgeSlot.objects.filter(reader_of=store).exists()

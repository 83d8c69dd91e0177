"""What the rows say of a store with standbys, and when they leave nothing to be done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from datastores.models import DataStore, EdgeSlot, Node, Operation, ServicePlan
from datastores.sites.local.monitor.said import Said, is_whole, said_of_stores

pytestmark = pytest.mark.django_db
PORT = 40_001


def on_plan(store: DataStore, slug: str) -> None:
    store.plan = ServicePlan.objects.get(slug=slug)
    store.save(update_fields=["plan"])


@pytest.fixture
def whole(store: DataStore) -> DataStore:
    """A primary with a standby that follows it and answers reads."""
    on_plan(store, "business-4")
    store.set_state(DataStore.State.RUNNING)
    Node.make_another(store)
    for number, node in enumerate(store.nodes.order_by("number")):
        node.port, node.state = 40_000 + number, Node.State.UP
        node.following = node.counted = node.role == Node.Role.STANDBY
        node.lag_bytes, node.lag_seconds, node.measured_at = 7, 0.5, timezone.now()
        node.save()
    EdgeSlot.objects.create(number=9_001, port=9_001, reader_of=store, reader_ports=[PORT])
    return store


def said(store: DataStore) -> list[Said]:
    return said_of_stores()[store.pk]


def test_a_store_with_a_standby_is_read_with_one_query(whole: DataStore, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    said_of_stores()
    with django_assert_num_queries(1):
        primary, standby = said(whole)
    assert (primary.role, standby.role) == ("primary", "standby")
    assert (standby.port, standby.readers, standby.busy, standby.suspended) == (PORT, [PORT], False, None)
    assert (standby.following, standby.counted, standby.lag_bytes, standby.lag_seconds) == (True, True, 7, 0.5)


def test_a_whole_store_leaves_nothing_to_be_done(whole: DataStore) -> None:
    assert is_whole(said(whole))
    EdgeSlot.objects.filter(reader_of=whole).delete()
    assert is_whole(said(whole))


@pytest.mark.parametrize(
    "change",
    [
        {"state": Node.State.DOWN},
        {"state": Node.State.FENCED},
        {"state": Node.State.JOINING},
        {"following": False},
        {"port": None},
    ],
)
def test_a_standby_that_is_not_what_it_should_be_is_something_to_do(
    whole: DataStore, change: dict[str, object]
) -> None:
    whole.nodes.filter(role=Node.Role.STANDBY).update(**change)
    assert not is_whole(said(whole))


@pytest.mark.parametrize("slug", ["premium-4", "hobbyist"])
def test_a_plan_with_more_or_fewer_nodes_is_seen_at_the_next_look(whole: DataStore, slug: str) -> None:
    assert is_whole(said(whole))
    on_plan(whole, slug)
    assert not is_whole(said(whole))


def test_a_single_node_is_looked_after_as_soon_as_its_plan_has_standbys(store: DataStore) -> None:
    store.set_state(DataStore.State.RUNNING)
    assert said_of_stores() == {}
    on_plan(store, "business-4")
    assert not is_whole(said(store))


def test_a_suspended_guarantee_is_something_to_do(whole: DataStore) -> None:
    DataStore.objects.update(guarantee_suspended_since=datetime(2030, 1, 1, tzinfo=UTC))
    assert not is_whole(said(whole))


def test_reads_that_lead_elsewhere_are_something_to_do(whole: DataStore) -> None:
    EdgeSlot.objects.update(reader_ports=[40_000])
    assert not is_whole(said(whole))


@pytest.mark.parametrize(("background", "rests"), [(False, False), (True, True)])
def test_a_store_that_is_worked_on_is_looked_after(whole: DataStore, background: bool, rests: bool) -> None:
    Operation.objects.create(store=whole, kind="restart", background=background, deadline=timezone.now())
    assert is_whole(said(whole)) is rests
    Operation.objects.update(state=Operation.State.DONE)
    assert is_whole(said(whole))


@pytest.mark.parametrize("state", [DataStore.State.POWERED_OFF, DataStore.State.DELETED])
def test_a_store_that_need_not_run_is_left_alone(whole: DataStore, state: DataStore.State) -> None:
    whole.set_state(state)
    assert said_of_stores() == {}

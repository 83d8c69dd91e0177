"""Where acknowledged writes are, in words: never more than the rows say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from datastores.models import DataStore, Node, ServicePlan
from datastores.presentation.guarantee import Guarantee, guarantee_of
from datastores.presentation.nodes import node_rows

State, Role = Node.State, Node.Role


def with_standbys(store: DataStore, plan: str, **standby: object) -> list[Node]:
    """Give the store a plan with standbys, all alike; returns its nodes."""
    store.plan = ServicePlan.objects.get(slug=plan)
    store.state = DataStore.State.RUNNING
    store.save()
    values = {"role": Role.STANDBY, "state": State.UP, "following": True, "counted": True} | standby
    for number in range(2, store.plan.node_count + 1):
        Node.objects.create(store=store, number=number, **values)
    return list(store.nodes.order_by("number"))


def told(store: DataStore, nodes: list[Node]) -> Guarantee:
    return guarantee_of(store, nodes)


def test_a_single_node_tells_what_a_failure_means(store: DataStore) -> None:
    guarantee = told(store, list(store.nodes.all()))
    assert guarantee.title == "One node, no standby"
    assert "a new node is made from its backup" in guarantee.text
    assert not guarantee.is_trouble
    store.engine = "an engine that nobody archives"
    assert "no backup is taken yet" in told(store, list(store.nodes.all())).text


def test_each_write_is_on_two_nodes_while_one_is_counted(store: DataStore) -> None:
    guarantee = told(store, with_standbys(store, "premium-4"))
    assert guarantee.title == "Each acknowledged write is on two nodes"
    assert "when node 2 or node 3 has it too" in guarantee.text


@pytest.mark.parametrize(
    ("standby", "reason"),
    [
        ({"state": State.JOINING}, "Node 2 is being made."),
        ({"state": State.DOWN}, "Node 2 is down."),
        ({"state": State.FENCED}, "Node 2 was the primary before"),
        ({"following": True}, "Node 2 is catching up."),
        ({"following": False}, "Node 2 does not follow the primary."),
    ],
)
def test_a_suspended_guarantee_says_since_when_and_why(
    store: DataStore, standby: dict[str, object], reason: str
) -> None:
    since = timezone.now() - timedelta(days=2)
    store.guarantee_suspended_since = since
    guarantee = told(store, with_standbys(store, "business-4", **{"counted": False} | standby))
    assert guarantee.title.startswith(f"Since {since:%-d %B, %H:%M} UTC writes are acknowledged by the primary alone")
    assert reason in guarantee.text
    assert guarantee.is_trouble
    assert guarantee.since == since


def test_rows_that_count_nobody_are_no_guarantee(store: DataStore) -> None:
    guarantee = told(store, with_standbys(store, "business-4", counted=False))
    assert guarantee.is_trouble
    assert guarantee.title == "Writes are acknowledged by the primary alone"


def test_a_counted_standby_does_not_hide_a_suspension(store: DataStore) -> None:
    store.guarantee_suspended_since = timezone.now()
    assert told(store, with_standbys(store, "business-4")).is_trouble


def test_a_new_store_is_no_trouble_and_promises_nothing(store: DataStore) -> None:
    nodes = with_standbys(store, "business-4", state=State.PLANNED, counted=False)
    store.state, store.guarantee_suspended_since = DataStore.State.CREATING, timezone.now()
    guarantee = told(store, nodes)
    assert not guarantee.is_trouble
    assert "the primary alone acknowledges writes" in guarantee.text


def test_a_store_that_is_off_promises_nothing(store: DataStore) -> None:
    nodes = with_standbys(store, "business-4")
    store.state = DataStore.State.POWERED_OFF
    assert told(store, nodes).title == "Nobody writes now"


def test_a_cache_never_claims_two_nodes(store: DataStore) -> None:
    store.engine, store.guarantee_suspended_since = "cache", timezone.now()
    nodes = with_standbys(store, "premium-4", counted=True)
    guarantee = told(store, nodes)
    assert "The primary alone acknowledges writes; node 2 and node 3 get them an instant later" in guarantee.title
    assert not guarantee.is_trouble
    assert [row.writes for row in node_rows(store, nodes)] == ["All", *["All but perhaps the last instants"] * 2]
    for node in nodes:
        node.following = False
    assert told(store, nodes).title == "No standby follows the primary"
    assert told(store, nodes).is_trouble


def test_of_two_counted_standbys_neither_alone_is_said_to_have_every_write(store: DataStore) -> None:
    nodes = with_standbys(store, "premium-4")
    assert [row.writes for row in node_rows(store, nodes)] == [
        "All",
        "All, together with node 3",
        "All, together with node 2",
    ]
    nodes[2].counted = False
    assert [row.writes for row in node_rows(store, nodes)] == ["All", "All", "Perhaps not the latest"]


def test_a_lag_that_was_not_measured_is_not_zero(store: DataStore) -> None:
    nodes = with_standbys(store, "business-4")
    assert (node_rows(store, nodes)[1].replication, node_rows(store, nodes)[1].lag) == ("Not measured yet", "")
    nodes[1].measured_at, nodes[1].lag_bytes = timezone.now(), 1536
    row = node_rows(store, nodes)[1]
    assert (row.replication, row.lag) == ("Follows", "1.5 KiB behind")
    nodes[1].following, nodes[1].lag_seconds = False, 4.04
    row = node_rows(store, nodes)[1]
    assert (row.replication, row.lag) == ("Does not follow", "1.5 KiB and 4.0 s behind")

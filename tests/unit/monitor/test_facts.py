"""Which nodes the monitor watches, from their rows."""

from __future__ import annotations

import pytest

from datastores.models import DataStore, Node, ServicePlan
from datastores.sites.local.monitor.facts import watched_nodes

State = DataStore.State


@pytest.fixture
def node(store: DataStore) -> Node:
    """A node that serves."""
    store.set_state(State.RUNNING)
    node = store.nodes.get()
    node.port, node.state = 40_000, Node.State.UP
    node.save()
    return node


def test_a_node_that_serves_is_watched(node: Node) -> None:
    (facts,) = watched_nodes()
    assert (facts.node, facts.store, facts.engine) == (node.pk, node.store_id, "postgresql")
    assert facts.place.port == 40_000
    assert facts.vital.is_relative_to(facts.place.data)
    assert facts.is_primary
    assert not facts.has_standbys


def test_what_changed_is_seen_at_the_next_look(node: Node) -> None:
    list(watched_nodes())
    node.role, node.port = Node.Role.STANDBY, 40_001
    node.save()
    node.store.plan = ServicePlan.objects.get(slug="business-4")
    node.store.save()
    (facts,) = watched_nodes()
    assert (facts.is_primary, facts.has_standbys, facts.place.port) == (False, True, 40_001)


@pytest.mark.parametrize("state", [State.CREATING, State.POWERED_OFF, State.FAILED, State.DELETED])
def test_nodes_of_stores_that_need_not_run_are_left_alone(node: Node, state: DataStore.State) -> None:
    node.store.set_state(state)
    assert not list(watched_nodes())


def test_a_fenced_node_and_one_without_a_port_are_left_alone(node: Node) -> None:
    node.set_state(Node.State.FENCED)
    assert not list(watched_nodes())
    node.set_state(Node.State.UP)
    Node.objects.update(port=None)
    assert not list(watched_nodes())


def test_it_is_one_query(node: Node, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(1):
        list(watched_nodes())

"""Which stores the monitor looks after, and what it opens to bring a plan's node count about."""

from __future__ import annotations

import pytest

from datastores.models import DataStore, Node, ServicePlan
from datastores.sites.local.monitor import care

pytestmark = pytest.mark.django_db


@pytest.fixture
def looked_at(store: DataStore, monkeypatch: pytest.MonkeyPatch) -> list[DataStore]:
    """The stores whose wait for standbys was converged."""
    seen: list[DataStore] = []
    store.set_state(DataStore.State.RUNNING)
    for name in ("measure_replication", "spread_reads", "restore_redundancy"):
        monkeypatch.setattr(care, name, lambda _store: None)
    monkeypatch.setattr(care, "converge", seen.append)
    return seen


def test_a_single_node_has_no_guarantee_to_suspend(store: DataStore, looked_at: list[DataStore]) -> None:
    care.look_after(store)
    assert looked_at == []


def test_a_standby_in_the_making_is_looked_after(store: DataStore, looked_at: list[DataStore]) -> None:
    Node.make_another(store)
    care.look_after(store)
    assert looked_at == [store]


@pytest.mark.parametrize(
    ("slug", "standbys", "kind"),
    [
        ("business-4", 0, "add_standby"),
        ("business-4", 1, ""),
        ("business-4", 2, "remove_standby"),
        ("hobbyist", 0, ""),
        ("hobbyist", 1, "remove_standby"),
    ],
)
def test_nodes_follow_the_plan_in_both_directions(store: DataStore, slug: str, standbys: int, kind: str) -> None:
    store.plan = ServicePlan.objects.get(slug=slug)
    store.save(update_fields=["plan"])
    for _ in range(standbys):
        Node.make_another(store).set_state(Node.State.UP)
    assert care._wanted(store)[0] == kind

"""A failover is opened in one transaction: all of it, or nothing."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from datastores.models import DataStore, Failover, Node, Operation, ServicePlan
from datastores.operations.opening import open_operation
from datastores.operations.outcomes import Wait
from datastores.sites.local.monitor.facts import Failure, FailureKind
from datastores.sites.local.monitor.records import open_fail_over
from datastores.sites.local.postgresql import LocalPostgreSQL
from datastores.sites.local.procedures.fail_over import FailOver

pytestmark = pytest.mark.django_db


@pytest.fixture
def primary(store: DataStore) -> Node:
    store.plan = ServicePlan.objects.get(slug="business-4")
    store.save(update_fields=["plan"])
    store.set_state(DataStore.State.RUNNING)
    Operation.objects.update(state=Operation.State.DONE)
    Node.make_another(store)
    node = store.nodes.get(role=Node.Role.PRIMARY)
    node.set_state(Node.State.UP)
    return node


def opened(node: Node, *, wanted: bool = True, row: Failover | None = None) -> Failover | None:
    now = time.time()
    return open_fail_over(node.pk, row, Failure(FailureKind.EXIT, now - 0.01), now, lambda _node: wanted)


def test_the_node_is_fenced_and_the_operation_is_held_by_whoever_opened_it(primary: Node) -> None:
    row = opened(primary)
    assert row is not None
    assert row.operation is not None
    assert row.kind == Failover.Kind.FAILOVER
    assert (row.operation.kind, row.operation.state) == ("fail_over", Operation.State.RUNNING)
    assert row.operation.lease is not None
    assert row.operation.memo["node"] == str(primary.pk)
    primary.refresh_from_db()
    assert primary.is_fenced
    assert opened(primary) is None, "it is fenced already"


def test_nothing_is_saved_where_it_is_not_wanted_or_the_node_is_no_primary(primary: Node) -> None:
    assert opened(primary, wanted=False) is None
    standby = primary.store.nodes.get(role=Node.Role.STANDBY)
    assert opened(standby) is None
    assert not Failover.objects.exists()
    assert not Node.objects.filter(state=Node.State.FENCED).exists()


def test_work_that_does_not_give_way_is_let_end_first(primary: Node) -> None:
    restart = open_operation("restart", store=primary.store, requested_by="somebody")
    assert opened(primary) is None
    primary.refresh_from_db()
    assert not primary.is_fenced, "it may be the restart that ended the process"
    restart.refresh_from_db()
    assert restart.state == Operation.State.WAITING
    Operation.objects.update(state=Operation.State.DONE)
    assert opened(primary) is not None


def test_a_drill_is_measured_from_its_own_beginning(primary: Node) -> None:
    began = timezone.now() - timedelta(seconds=2)
    drill = Failover.objects.create(store=primary.store, kind=Failover.Kind.DRILL_DESTROY, cause="x", began_at=began)
    row = opened(primary)
    assert row == drill
    assert row.operation is not None
    assert row.operation.memo["phases"]["failed"] == pytest.approx(began.timestamp())
    drill.refresh_from_db()
    assert drill.operation == row.operation


def test_the_rows_stay_as_they_were_where_the_chosen_one_is_not_promoted(
    primary: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = opened(primary)
    assert row is not None
    assert row.operation is not None
    standby = primary.store.nodes.get(role=Node.Role.STANDBY)
    for number, node in enumerate((primary, standby)):
        Node.objects.filter(pk=node.pk).update(port=41000 + number, counted=node == standby)
    standby.set_state(Node.State.UP)
    operation = row.operation
    operation.step, operation.memo = "promote", {**operation.memo, "chosen": str(standby.pk), "chosen_at": time.time()}
    asked: list[str] = []
    monkeypatch.setattr(FailOver, "becomes_primary", lambda _procedure, node, _seconds: asked.append(str(node.pk)))
    monkeypatch.setattr(LocalPostgreSQL, "ready", lambda _engine, _place: True)
    with transaction.atomic():
        outcome = FailOver(operation).run("promote")
    assert isinstance(outcome, Wait)
    assert asked == [str(standby.pk)]
    roles = dict(primary.store.nodes.values_list("pk", "role"))
    assert roles == {primary.pk: Node.Role.PRIMARY, standby.pk: Node.Role.STANDBY}
    standby.refresh_from_db()
    assert standby.counted

"""An operation that failed is retried only while nothing else was done with its data store since."""

from __future__ import annotations

import pytest

from console.audit import Actor
from console.errors import Refusal
from datastores import actions
from datastores.models import DataStore, Operation
from datastores.operations.opening import retry

pytestmark = pytest.mark.django_db


def fail(operation: Operation) -> None:
    """End an operation as the runner does when a step can't be done."""
    Operation.objects.filter(pk=operation.pk).update(state=Operation.State.FAILED)
    operation.refresh_from_db()


def test_a_reset_that_another_reset_replaced_takes_no_empty_password(actor: Actor, store: DataStore) -> None:
    store.set_state(DataStore.State.RUNNING)
    first = actions.reset_password(actor=actor, store=store)
    fail(first)
    second = actions.reset_password(actor=actor, store=store)
    Operation.objects.filter(pk=second.pk).update(state=Operation.State.DONE)
    DataStore.objects.filter(pk=store.pk).update(next_admin_password="")  # as the second one ends
    with pytest.raises(Refusal, match="something else was done"):
        retry(first)
    first.refresh_from_db()
    assert first.state == Operation.State.FAILED


def test_work_of_before_a_deletion_does_not_bring_a_store_back(actor: Actor, store: DataStore) -> None:
    store.set_state(DataStore.State.RUNNING)
    off = actions.power_off(actor=actor, store=store)
    fail(off)
    deletion = actions.delete_store(actor=actor, store=store, typed_name=store.name)
    Operation.objects.filter(pk=deletion.pk).update(state=Operation.State.DONE)
    DataStore.objects.filter(pk=store.pk).update(state=DataStore.State.DELETED)
    with pytest.raises(Refusal, match="something else was done"):
        actions.retry_operation(actor=actor, operation=off)
    store.refresh_from_db()
    assert store.state == DataStore.State.DELETED

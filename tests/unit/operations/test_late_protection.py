"""Deletion protection that is switched on after somebody asked for the deletion: it counts, or says that it can't."""

from __future__ import annotations

import pytest

from console.audit import Actor
from console.errors import Refusal
from datastores import actions
from datastores.models import DataStore, Operation
from datastores.operations import runner
from datastores.operations.outcomes import Fail
from datastores.sites.local.procedures.delete import Delete

pytestmark = pytest.mark.django_db


@pytest.fixture
def deletion(actor: Actor, store: DataStore) -> Operation:
    """A deletion that has just been asked for."""
    return actions.delete_store(actor=actor, store=store, typed_name=store.name)


def test_a_deletion_that_failed_is_not_retried_once_the_store_is_protected(
    actor: Actor, store: DataStore, deletion: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Delete, "run", lambda _procedure, _name: Fail("The edge does not answer.", "Restart it."))
    runner.run(deletion.pk)
    store.refresh_from_db()
    actions.set_protection(actor=actor, store=store, protected=True)
    with pytest.raises(Refusal, match="protected"):
        actions.retry_operation(actor=actor, operation=Operation.objects.get(pk=deletion.pk))
    store.refresh_from_db()
    assert store.state == DataStore.State.FAILED


def test_a_store_that_is_being_deleted_is_not_called_protected(
    actor: Actor, store: DataStore, deletion: Operation
) -> None:
    with pytest.raises(Refusal, match="being deleted"):
        actions.set_protection(actor=actor, store=store, protected=True)
    store.refresh_from_db()
    assert not store.deletion_protection

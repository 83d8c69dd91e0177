"""A data store that failed can be powered on again, as long as there is a whole one."""

from __future__ import annotations

import pytest
from django.test import Client

from console.audit import Actor
from console.errors import Refusal
from console.models import Member
from datastores import actions
from datastores.models import DataStore, Operation
from datastores.operations.opening import open_operation

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(store: DataStore) -> DataStore:
    """A store that was made and runs."""
    made = open_operation("provision", store=store, requested_by="test")
    Operation.objects.filter(pk=made.pk).update(state=Operation.State.DONE)
    store.set_state(DataStore.State.RUNNING)
    return store


def test_cancelled_work_leaves_a_way_back(actor: Actor, made: DataStore) -> None:
    work = actions.power_off(actor=actor, store=made)
    actions.cancel_operation(actor=actor, operation=work)
    made.refresh_from_db()
    assert made.state == DataStore.State.FAILED
    assert actions.power_on(actor=actor, store=made).is_active
    made.refresh_from_db()
    assert made.state == DataStore.State.POWERING_ON


def test_a_store_that_was_never_whole_is_not_powered_on(actor: Actor, store: DataStore) -> None:
    store.set_state(DataStore.State.FAILED)
    with pytest.raises(Refusal, match="not complete"):
        actions.power_on(actor=actor, store=store)


def test_a_store_that_is_half_deleted_is_not_powered_on(actor: Actor, made: DataStore) -> None:
    deletion = actions.delete_store(actor=actor, store=made, typed_name=made.name)
    actions.cancel_operation(actor=actor, operation=deletion)
    made.refresh_from_db()
    with pytest.raises(Refusal, match="not complete"):
        actions.power_on(actor=actor, store=made)


def test_the_page_offers_the_way_back(client: Client, admin: Member, made: DataStore) -> None:
    made.set_state(DataStore.State.FAILED)
    client.force_login(admin.person, backend="django.contrib.auth.backends.ModelBackend")
    assert f"/databases/{made.pk}/power-on/" in client.get(f"/databases/{made.pk}/").content.decode()

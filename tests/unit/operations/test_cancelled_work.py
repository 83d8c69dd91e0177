"""A step outlives the cancelling of its operation; who deletes the store next waits for it."""

from __future__ import annotations

import pytest

from console.audit import Actor
from datastores import actions
from datastores.models import DataStore
from datastores.operations import runner

pytestmark = pytest.mark.django_db


def test_a_deletion_waits_for_the_step_of_work_that_was_cancelled_before(actor: Actor, store: DataStore) -> None:
    store.set_state(DataStore.State.POWERED_OFF)
    work = actions.power_on(actor=actor, store=store)
    claimed = runner.claim(work.pk)
    assert claimed is not None
    assert claimed.lease_until is not None
    actions.cancel_operation(actor=actor, operation=work)
    deletion = actions.delete_store(actor=actor, store=store, typed_name=store.name)
    assert deletion.memo == {"not_before": claimed.lease_until.isoformat()}

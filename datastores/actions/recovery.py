"""Letting failed work go on."""

from __future__ import annotations

from django.db import transaction

from console.audit import Actor, record
from datastores.models import DataStore, Operation
from datastores.operations import opening

UNDER_WAY = {
    "provision": DataStore.State.CREATING,
    "power_off": DataStore.State.POWERING_OFF,
    "power_on": DataStore.State.POWERING_ON,
    "delete": DataStore.State.DELETING,
}


@transaction.atomic
def retry_operation(*, actor: Actor, operation: Operation) -> None:
    """Go on with the step that failed. Raises :class:`Refusal` where the operation has not failed or another one runs."""
    opening.retry(operation)
    store = operation.store
    if store is None:
        return
    if state := UNDER_WAY.get(operation.kind):
        store.set_state(state)
    record("operation.retried", actor=actor, organization=store.organization, subject=store, kind=operation.kind)

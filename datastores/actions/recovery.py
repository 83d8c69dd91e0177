"""Letting failed work go on, and ending work that should not."""

from __future__ import annotations

from django.db import transaction

from console.audit import Actor, record
from console.errors import Refusal
from datastores.actions.power import refuse_ended_trial
from datastores.models import DataStore, Operation
from datastores.operations import opening

UNDER_WAY = {
    "provision": DataStore.State.CREATING,
    "restore": DataStore.State.CREATING,
    "power_off": DataStore.State.POWERING_OFF,
    "power_on": DataStore.State.POWERING_ON,
    "delete": DataStore.State.DELETING,
}
STARTING = ("power_on", "provision")


@transaction.atomic
def retry_operation(*, actor: Actor, operation: Operation) -> None:
    """Go on with the step that failed. Raises :class:`Refusal` where the operation has not failed, where another one
    runs, and for a deletion where the store was protected since it failed."""
    _refuse_protected(operation)
    if operation.store and operation.kind in STARTING:
        refuse_ended_trial(operation.store)
    opening.retry(operation)
    if operation.store and operation.kind in UNDER_WAY:
        operation.store.set_state(UNDER_WAY[operation.kind])
    _record("operation.retried", actor, operation)


@transaction.atomic
def cancel_operation(*, actor: Actor, operation: Operation) -> None:
    """End an active operation where it stands. The store is marked as failed: nobody knows how far it came.

    Raises :class:`Refusal` where the operation has ended already.
    """
    opening.cancel(operation, because=f"Cancelled by {actor.name}.")
    if operation.store and operation.kind in UNDER_WAY:
        operation.store.set_state(DataStore.State.FAILED, "The operation that worked on it was cancelled.")
    _record("operation.cancelled", actor, operation)


@transaction.atomic
def take_over_operation(*, actor: Actor, operation: Operation) -> None:
    """Have an active operation that is late or stuck worked on at once. Raises :class:`Refusal` where it has ended."""
    opening.take_over(operation)
    _record("operation.taken_over", actor, operation)


def _refuse_protected(operation: Operation) -> None:
    if operation.kind != "delete" or operation.store_id is None:
        return
    store = DataStore.objects.select_for_update().get(pk=operation.store_id)
    if store.deletion_protection:
        raise Refusal(f"{store} is protected against deletion.", "An Admin can switch the protection off first.")


def _record(action: str, actor: Actor, operation: Operation) -> None:
    """Add the event to the store's trail, or to the platform's where the operation belongs to no store."""
    store = operation.store
    organization = store.organization if store else None
    record(action, actor=actor, organization=organization, subject=store or operation, kind=operation.kind)

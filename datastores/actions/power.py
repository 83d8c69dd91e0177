"""Powering a data store off and on."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from console.audit import Actor, record
from console.errors import Refusal
from datastores.models import DataStore, Operation
from datastores.operations.opening import open_operation
from datastores.trials import KEPT

State = DataStore.State
MAKING = ("provision", "restore")  # the operations that make a data store complete


@transaction.atomic
def power_off(*, actor: Actor, store: DataStore) -> Operation:
    """Stop the server; data and address stay. Refused unless it runs (or should)."""
    store = DataStore.objects.locked(store)
    if store.state not in {State.RUNNING, State.UNREACHABLE}:
        raise Refusal(f"{store} can't be powered off: it is not running.", "Reload the page to see its state.")
    return _switch(actor, store, "power_off", State.POWERING_OFF)


@transaction.atomic
def power_on(*, actor: Actor, store: DataStore) -> Operation:
    """Start the server again at the same address. Refused unless it was powered off, or work on it failed.

    The latter is the way back where that work can't be retried, such as after a cancelling.
    """
    store = DataStore.objects.locked(store)
    if store.state == State.FAILED:
        _refuse_incomplete(store)
    elif store.state != State.POWERED_OFF:
        raise Refusal(f"{store} can't be powered on: it is not powered off.", "Reload the page to see its state.")
    refuse_ended_trial(store)
    return _switch(actor, store, "power_on", State.POWERING_ON)


def refuse_ended_trial(store: DataStore) -> None:
    """Refuse to start a data store whose free trial has ended."""
    if store.trial_ends_at and store.trial_ends_at <= timezone.now():
        raise Refusal(
            f"The trial of {store} has ended, so it stays powered off. Its data is kept until "
            f"{store.trial_ends_at + KEPT:%-d %B %Y, %H:%M} UTC.",
            "On the paid tier it comes back under the same address, with its data.",
        )


def _refuse_incomplete(store: DataStore) -> None:
    """Refuse a store that was never made completely, or that a deletion has begun to take apart."""
    done = store.operations.filter(kind__in=MAKING, state=Operation.State.DONE).exists()
    if not done or store.operations.filter(kind="delete").exists():
        raise Refusal(
            f"{store} can't be powered on: it is not complete.", "Retry the work that failed, or delete the data store."
        )


def _switch(actor: Actor, store: DataStore, kind: str, state: State) -> Operation:
    """Open the operation and show what is under way, together."""
    operation = open_operation(kind, store=store, requested_by=actor.name)
    store.set_state(state)
    record(f"store.{kind}", actor=actor, organization=store.organization, subject=store)
    return operation

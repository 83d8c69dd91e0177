"""Revealing and resetting the super admin's password: both leave a trace, neither leaves a copy."""

from __future__ import annotations

from typing import Literal

from django.db import transaction

from console.audit import Actor, record
from console.errors import Refusal
from datastores.models import DataStore, Operation
from datastores.operations.opening import open_operation
from datastores.passwords import generate_password


def reveal_password(*, actor: Actor, store: DataStore, how: Literal["revealed", "copied"]) -> str:
    """Return the super admin's password and record who asked for it."""
    record(f"store.password_{how}", actor=actor, organization=store.organization, subject=store)
    return store.admin_password


@transaction.atomic
def reset_password(*, actor: Actor, store: DataStore) -> Operation:
    """Make a new password and have the server take it. The old one works and is shown until it did."""
    store = DataStore.objects.locked(store)
    if store.state != DataStore.State.RUNNING:
        raise Refusal(
            f"The password of {store} can't be reset now: the server is not running.",
            "Power it on, or wait until it answers, then try again. The password is unchanged.",
        )
    operation = open_operation("reset_password", store=store, requested_by=actor.name)
    store.next_admin_password = generate_password()
    store.save(update_fields=["next_admin_password"])
    record("store.password_reset", actor=actor, organization=store.organization, subject=store)
    return operation

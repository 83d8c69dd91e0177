"""Deletion protection, and deleting by typed name."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from console.audit import Actor, record
from console.errors import Refusal
from datastores.models import Credential, DataStore, Operation
from datastores.operations.opening import cancel, open_operation


@transaction.atomic
def set_protection(*, actor: Actor, store: DataStore, protected: bool) -> None:
    """Switch deletion protection on or off. Raises :class:`Refusal` where it comes too late."""
    state = DataStore.objects.select_for_update().values_list("state", flat=True).get(pk=store.pk)
    if state in {DataStore.State.DELETING, DataStore.State.DELETED}:
        raise Refusal(
            f"{store} is being deleted already, so it can't be protected.", "Reload the page to see how far it is."
        )
    if store.deletion_protection != protected:
        store.deletion_protection = protected
        store.save(update_fields=["deletion_protection"])
        word = "protected" if protected else "unprotected"
        record(f"store.{word}", actor=actor, organization=store.organization, subject=store)


@transaction.atomic
def delete_store(*, actor: Actor, store: DataStore, typed_name: str) -> Operation:
    """Open the deletion. Work that is under way on the store is cancelled first, and waited for.

    Raises :class:`Refusal` while the store is protected, is being deleted, or ``typed_name`` is another name.
    """
    store = DataStore.objects.locked(store)
    if typed_name.strip() != store.name:
        raise Refusal(
            "The name you typed is not the data store's name, so nothing was deleted.", f"Type “{store.name}”."
        )
    if store.deletion_protection:
        raise Refusal(f"{store} is protected against deletion.", "An Admin can switch the protection off first.")
    if store.state in {DataStore.State.DELETING, DataStore.State.DELETED}:
        raise Refusal(f"{store} is being deleted already.", "Reload the page to see how far it is.")
    memo = _cancel_running(store, actor)
    operation = open_operation("delete", store=store, requested_by=actor.name, memo=memo)
    Credential.objects.filter(store=store).delete()
    store.set_state(DataStore.State.DELETING)
    record("store.deleted", actor=actor, organization=store.organization, subject=store, plan=store.plan.name)
    return operation


def _cancel_running(store: DataStore, actor: Actor) -> dict[str, str]:
    """Cancel the operation that works on the store; return until when its step, or that of one that an operator
    has cancelled just before, may still be running."""
    for running in store.operations.active().select_for_update():
        cancel(running, because=f"Cancelled because {actor.name} deleted the data store.")
    until = store.operations.filter(lease_until__gt=timezone.now()).aggregate(last=Max("lease_until"))["last"]
    return {"not_before": until.isoformat()} if until else {}

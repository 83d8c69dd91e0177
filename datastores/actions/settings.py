"""Changing what a person may change of an engine."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from console.audit import Actor, record
from console.errors import Refusal
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, Operation
from datastores.operations.opening import open_operation


@transaction.atomic
def change_settings(*, actor: Actor, store: DataStore, chosen: Mapping[str, object]) -> Operation | None:
    """Have a running server follow new settings; one that is powered off has them when it starts (None then).

    Raises :class:`Refusal` for settings that the engine does not know, and while the server neither runs nor is off.
    """
    store = DataStore.objects.select_for_update().get(pk=store.pk)
    engine = ENGINES.get(store.engine)
    try:
        wanted = engine.checked_settings(chosen, store.plan.facts()) if engine else {}
    except ValueError:
        raise Refusal("The settings were not changed: one of them is unknown.", "Choose from the list.") from None
    if not wanted:
        raise Refusal(f"{store} has no engine settings that can be changed.", "Go back to its page.")
    if store.state not in {DataStore.State.RUNNING, DataStore.State.POWERED_OFF}:
        raise Refusal(
            f"The settings of {store} were not changed: the server is not running.",
            "Wait until it answers, then try again.",
        )
    operation = None
    if store.state == DataStore.State.RUNNING:
        operation = open_operation("apply_settings", store=store, requested_by=actor.name, memo={"settings": wanted})
    else:
        store.settings = wanted
        store.save(update_fields=["settings"])
    record("store.settings_changed", actor=actor, organization=store.organization, subject=store, **wanted)
    return operation

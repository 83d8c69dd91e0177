"""Search, filters and order of the list of data stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.db.models import F, QuerySet
from django.db.models.functions import Lower

from datastores.models import DataStore

# Groups of states that people look for; each stands for one or more states.
STATES: Final = {
    "running": ("Running", (DataStore.State.RUNNING,)),
    "attention": ("Needs attention", (DataStore.State.FAILED, DataStore.State.UNREACHABLE)),
    "moving": (
        "In progress",
        (
            DataStore.State.CREATING,
            DataStore.State.POWERING_OFF,
            DataStore.State.POWERING_ON,
            DataStore.State.DELETING,
        ),
    ),
    "off": ("Powered off", (DataStore.State.POWERED_OFF,)),
}
ORDERS: Final[dict[str, Any]] = {
    "name": Lower("name"),
    "type": F("engine"),
    "plan": F("plan__position"),
    "region": F("region__code"),
    "state": F("state"),
    "created": F("created_at"),
}


class StoreFilter(forms.Form):
    """What a person looks for. Anything unreadable counts as not asked."""

    q = forms.CharField(required=False, max_length=60)
    type = forms.ChoiceField(
        label="Type",
        required=False,
        choices=[("", "All types")],
    )
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[("", "All states"), *((slug, label) for slug, (label, _states) in STATES.items())],
    )

    def __init__(self, data: Any, *, types: Mapping[str, str]) -> None:
        """``types`` are the engines that can be looked for, slug and label."""
        super().__init__(data)
        field = self.fields["type"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("", "All types"), *types.items()]

    def asked(self, name: str) -> str:
        """Return the valid value of a field, or an empty text."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")

    @property
    def is_filtering(self) -> bool:
        """Whether anything narrows the list."""
        return any(self.asked(name) for name in ("q", "type", "state"))

    def apply(self, stores: QuerySet[DataStore]) -> QuerySet[DataStore]:
        """Narrow the list."""
        if words := self.asked("q"):
            stores = stores.filter(name__icontains=words)
        if slug := self.asked("type"):
            stores = stores.filter(engine=slug)
        if state := self.asked("state"):
            stores = stores.filter(state__in=STATES[state][1])
        return stores


def order_of(text: str) -> str:
    """Return the wanted order, such as ``-created``; by name where the text names none."""
    return text if text.removeprefix("-") in ORDERS else "name"


def in_order(stores: QuerySet[DataStore], order: str) -> QuerySet[DataStore]:
    """Sort the list; equal ones by name, so that pages never overlap."""
    key = ORDERS[order.removeprefix("-")]
    first = key.desc() if order.startswith("-") else key.asc()
    return stores.order_by(first, Lower("name"), "pk")

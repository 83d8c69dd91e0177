"""The forms of the Nodes tab: to whom to switch over, which standby to replace, which failure to rehearse."""

from __future__ import annotations

from typing import Any

from django import forms

from console.templatetags.ui import exactly
from datastores.actions.availability import FAULTS
from datastores.models import DataStore, Failover, Node

GONE = {"invalid_choice": "This node is not a standby any more. Choose one of the list."}


class StandbyField(forms.ModelChoiceField[Node]):
    """A choice of a store's standbys by number."""

    def label_from_instance(self, obj: Node) -> str:
        """Name it as the table does."""
        return f"Node {obj.number}"


class SwitchOverForm(forms.Form):
    """Which standby takes over; nobody named: the most advanced one."""

    node = StandbyField(
        Node.objects.none(),
        label="New primary",
        required=False,
        empty_label="The most advanced standby",
        error_messages=GONE,
    )

    def __init__(self, store: DataStore, data: Any = None) -> None:
        super().__init__(data, auto_id="switch_over_%s")
        choose_from(self, store, state=Node.State.UP)


class ReplaceForm(forms.Form):
    """Which standby is made anew."""

    node = StandbyField(
        Node.objects.none(),
        label="Standby",
        empty_label=None,
        error_messages=GONE | {"required": "Choose a standby."},
    )

    def __init__(self, store: DataStore, data: Any = None) -> None:
        super().__init__(data, auto_id="replace_%s")
        choose_from(self, store)


class DrillForm(forms.Form):
    """Which failure is made, confirmed by the store's name. The action checks the name once more."""

    fault = forms.ChoiceField(
        choices=[(kind.value, Failover.Kind(kind).label) for kind in FAULTS],
        error_messages={
            "required": "Choose a failure.",
            "invalid_choice": "There is no such drill. Choose one of these.",
        },
    )
    confirm_name = forms.CharField(
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Type the data store's name to confirm."},
    )

    def __init__(self, store: DataStore, data: Any = None) -> None:
        super().__init__(data, auto_id="drill_%s")
        self.store = store
        field = self.fields["confirm_name"]
        field.label = f"Type “{store.name}” to confirm"
        field.widget.attrs |= {"pattern": exactly(store.name), "title": f"Type the name exactly: {store.name}"}

    def clean_confirm_name(self) -> str:
        """Refuse another name beside the field."""
        typed = str(self.cleaned_data["confirm_name"])
        if typed.strip() != self.store.name:
            raise forms.ValidationError("This is not the data store's name, so nothing was done.")
        return typed


def choose_from(form: SwitchOverForm | ReplaceForm, store: DataStore, **more: str) -> None:
    """Let the form choose from the store's standbys."""
    field = form.fields["node"]
    assert isinstance(field, StandbyField)  # noqa: S101 - both forms have it
    field.queryset = store.nodes.filter(role=Node.Role.STANDBY, **more).order_by("number")

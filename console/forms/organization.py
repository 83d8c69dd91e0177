"""Forms of the organization: its name, its handle, its environments, and which one a person looks at."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator

from console.actions.organizations import HANDLE_LENGTH, HandleTaken, propose_handle
from console.models import Organization

HANDLE = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z",
    "Use lower-case letters, digits and hyphens; begin and end with a letter or digit.",
)


class OrganizationForm(forms.Form):
    """Name and handle. A handle that is left empty is made of the name."""

    name = forms.CharField(
        label="Organization name",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    handle = forms.CharField(
        label="Handle",
        max_length=HANDLE_LENGTH,
        required=False,
        validators=[HANDLE],
        help_text="Short and unique. Lower-case letters, digits and hyphens; made of the name if left empty.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, own: Organization | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = own
        self.fields["handle"].required = own is not None

    def clean(self) -> dict[str, Any]:
        """Fill in the handle, and refuse one that another organization has."""
        cleaned = super().clean() or self.cleaned_data
        if "handle" not in cleaned or "name" not in cleaned:
            return cleaned
        cleaned["handle"] = cleaned["handle"] or propose_handle(cleaned["name"])
        others = Organization.objects.exclude(pk=self.own.pk) if self.own else Organization.objects.all()
        if not cleaned["handle"]:
            self.add_error("handle", "The name has no letters that a handle can be made of; write one.")
        elif others.filter(handle=cleaned["handle"]).exists():
            self.refuse_handle(HandleTaken())
        return cleaned

    def refuse_handle(self, refusal: HandleTaken) -> None:
        """Put a refusal beside the field."""
        self.add_error("handle", f"{refusal.sentence} {refusal.remedy}")


class EnvironmentForm(forms.Form):
    """An environment's name, and whether it is critical."""

    name = forms.CharField(label="Name", max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    critical = forms.BooleanField(
        label="Critical",
        required=False,
        help_text="Passwords used in a critical environment need a stronger role.",
    )


class SwitchForm(forms.Form):
    """Which organization the person wants to look at."""

    organization = forms.UUIDField()


class NameForm(forms.Form):
    """How pages name a person."""

    name = forms.CharField(
        label="Name",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text="Members of your organizations see it. Your e-mail address stands in for an empty name.",
    )

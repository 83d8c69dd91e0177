"""Forms of the notifications: which kinds are mailed, and where a webhook goes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms

from console.notices import KINDS, SUBSCRIBABLE
from console.permissions import Role

CHOICES = [
    (kind.value, f"{KINDS[kind].label}: {KINDS[kind].meaning[0].lower()}{KINDS[kind].meaning[1:]}")
    for kind in SUBSCRIBABLE
]


class MailForm(forms.Form):
    """Which kinds a member wants by mail; only those that the role gets can be chosen."""

    kinds = forms.MultipleChoiceField(label="Mail me about", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, role: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kinds"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - it is declared above
        mailed = {kind.value for kind in SUBSCRIBABLE if role in KINDS[kind].mailed}
        field.choices = [choice for choice in CHOICES if choice[0] in mailed]


class WebhookForm(forms.Form):
    """The address, and what is sent there."""

    url = forms.URLField(
        label="Address",
        max_length=300,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://example.com/hooks/headwater"}),
        help_text="It gets a signed POST with JSON.",
    )
    kinds = forms.MultipleChoiceField(
        label="Send",
        choices=CHOICES,
        initial=[kind.value for kind in SUBSCRIBABLE],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one kind."},
    )

    def clean_url(self) -> str:
        """Take http and https; a name or password in the address would be shown to every Admin."""
        url: str = self.cleaned_data["url"]
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"}:
            raise forms.ValidationError("Write an address that begins with https://.")
        if parts.username or parts.password:
            raise forms.ValidationError("Leave name and password out of the address; the signature proves who sends.")
        return url

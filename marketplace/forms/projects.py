"""A project or component: its name and what it is."""

from __future__ import annotations

import re

from django import forms


class NamedForm(forms.Form):
    """Name and description."""

    name = forms.CharField(label="Name", max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    description = forms.CharField(label="Description", max_length=200, required=False)

    def clean_name(self) -> str:
        """Join runs of white space and refuse what can't be shown."""
        name = re.sub(r"\s+", " ", str(self.cleaned_data["name"])).strip()
        if not name.isprintable():
            raise forms.ValidationError("The name holds characters that can't be shown. Type it instead of pasting it.")
        return name


class TokenForm(forms.Form):
    """What a delivery token is for."""

    name = forms.CharField(
        label="What is it for?", max_length=60, help_text="Such as the pipeline that deploys the component."
    )

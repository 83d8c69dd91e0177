"""Forms of members: inviting an address, and choosing a role."""

from __future__ import annotations

from django import forms

from console.permissions import Role

ROLES = [(role.value, role.label) for role in Role]


class InviteForm(forms.Form):
    """Who is invited, and as what."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="Only a person who signs in with this address can accept.",
    )
    role = forms.ChoiceField(label="Role", choices=ROLES, initial=Role.DEVELOPER.value)

    @property
    def chosen(self) -> Role:
        """The role of a valid form."""
        return Role(self.cleaned_data["role"])


class RoleForm(forms.Form):
    """Which role a member gets."""

    role = forms.ChoiceField(choices=ROLES)

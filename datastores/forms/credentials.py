"""Importing credentials, making a login, repairing one: the questions and their checks."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms

from console.models import Environment, Member
from datastores.engines.registry import ENGINES
from datastores.logins import Rights
from datastores.models import DataStore
from datastores.models.credential import SEE_CRITICAL

USE_CREATED: Final = "created"
USE_SUPER_ADMIN: Final = "super_admin"
PREFIX: Final = re.compile(r"[A-Za-z0-9:._{}/@-]{0,64}\Z")
HELP: Final = {
    "name": "How people recognize it when they choose credentials, such as “orders of the shop, read-only”.",
    "environment": "Connections use it in this environment only.",
}
RIGHTS: Final = {
    Rights.READ_ONLY: "Read-only: reads every table, those that are made later too",
    Rights.READ_WRITE: "Read-write: reads and changes rows, makes no tables",
    Rights.OWNER: "Owner: makes and changes tables as well, in this database only",
}
CACHE_RIGHTS: Final = {
    Rights.READ_ONLY: "Read-only: reads keys and subscribes to channels",
    Rights.READ_WRITE: "Read-write: reads and writes keys, runs scripts, publishes",
    Rights.OWNER: "Owner: all keys and FLUSHALL, as the super admin",
}


class NamedForm(forms.Form):
    """A display name and an environment that the member's role may use."""

    name = forms.CharField(label="Display name", max_length=60, help_text=HELP["name"])
    environment = forms.ModelChoiceField(
        Environment.objects.none(), label="Environment", empty_label=None, help_text=HELP["environment"]
    )

    def __init__(self, data: Any = None, *, member: Member, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        offered = member.organization.environments.all()
        field = self.fields["environment"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
        field.queryset = offered if member.can(SEE_CRITICAL) else offered.filter(critical=False)

    def clean_name(self) -> str:
        """Join runs of white space and refuse what can't be shown."""
        name = re.sub(r"\s+", " ", str(self.cleaned_data["name"])).strip()
        if not name.isprintable():
            raise forms.ValidationError("The name holds characters that can't be shown. Type it instead of pasting it.")
        return name


class ImportForm(NamedForm):
    """The two choices of Import Credentials."""

    use = forms.ChoiceField(
        choices=[(USE_CREATED, "Use Created Credentials"), (USE_SUPER_ADMIN, "Use Super Admin Credentials")]
    )
    username = forms.CharField(
        label="Username", max_length=63, required=False, strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    password = forms.CharField(
        label="Password", max_length=255, required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Tried at the server over TLS before it is saved, and stored encrypted.",
    )  # fmt: skip

    use_required_attribute = False  # the browser does not know which choice asks for what

    def __init__(self, data: Any = None, *, member: Member, **kwargs: Any) -> None:
        super().__init__(data, member=member, **kwargs)
        created = self["use"].value() != USE_SUPER_ADMIN
        for name in ("username", "password"):
            self.fields[name].required = created
            self.fields[name].error_messages["required"] = f"Enter the {name} that you created in the server."


class LoginForm(NamedForm):
    """What a login that the platform makes may do."""

    rights = forms.ChoiceField(label="What it may do", widget=forms.RadioSelect, initial=Rights.READ_WRITE.value)
    key_prefix = forms.CharField(
        label="Key prefix", max_length=64, required=False,
        help_text="The login reaches keys and channels that begin with it and no others, such as <code>shop:</code>. "
        "Empty: all keys.",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, member: Member, store: DataStore, **kwargs: Any) -> None:
        super().__init__(data, member=member, **kwargs)
        engine = ENGINES.get(store.engine)
        is_cache = engine is not None and engine.is_cache
        field = self.fields["rights"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [(right.value, words) for right, words in (CACHE_RIGHTS if is_cache else RIGHTS).items()]
        if not is_cache:
            del self.fields["key_prefix"]

    def clean_key_prefix(self) -> str:
        """Refuse what the server would read as a pattern."""
        prefix = str(self.cleaned_data["key_prefix"])
        if not PREFIX.match(prefix):
            raise forms.ValidationError("Use letters, digits and : . _ - / @ { } only.")
        return prefix

    def clean(self) -> dict[str, Any]:
        """An owner has all keys."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("rights") == Rights.OWNER and cleaned.get("key_prefix"):
            self.add_error("key_prefix", "An owner has all keys. Leave it empty, or choose read-write.")
        return cleaned


class RepairForm(forms.Form):
    """The password that the login has now."""

    password = forms.CharField(
        label="Its password now", max_length=255, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Tried at the server before it is saved.",
    )  # fmt: skip


class DatabaseForm(forms.Form):
    """The name of a new database. Its rules are the engine's."""

    name = forms.CharField(
        label="Name of the new database", max_length=255, strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, store: DataStore) -> None:
        super().__init__(data, auto_id="id_database_%s")
        self.engine = ENGINES.get(store.engine)

    def clean_name(self) -> str:
        """Check the engine's rules."""
        name = str(self.cleaned_data["name"])
        if self.engine and (problem := self.engine.database_name_problem(name)):
            raise forms.ValidationError(problem)
        return name

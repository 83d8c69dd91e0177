"""Creating a connection: its place, its name, and a credential for every environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms

from console.models import Environment, Member
from datastores.models import Credential
from datastores.models.credential import SEE_CRITICAL
from datastores.presentation.roles import refused
from marketplace.forms.projects import NamedForm
from marketplace.models import Component, Listing, Project

MOST_OTHERS: Final = 100  # credentials of other databases that one list offers
NONE: Final = "No credentials: not used in this environment"


class EnvironmentField(forms.ModelChoiceField[Credential]):
    """The credentials that fit one environment: those of the chosen database first, then of others of its type."""

    def __init__(self, environment: Environment, listing: Listing, credentials: Sequence[Credential], why: str) -> None:
        self.environment, self.why, self.offered = environment, why, list(credentials)
        own = [credential for credential in credentials if _is_of(credential, listing)]
        self.fits = bool(own)
        super().__init__(
            Credential.objects.filter(pk__in=[credential.pk for credential in credentials]),
            label=environment.name, required=False, empty_label=NONE, disabled=bool(why), initial=own[0].pk if own else None,
        )  # fmt: skip
        self.choices = [("", NONE), *_groups(listing, own, credentials)]


class ConnectionForm(NamedForm):
    """A connection to a listing."""

    place = forms.ChoiceField(
        label="Who uses it",
        help_text="A project connection serves every component of the project, a component connection only that one.",
    )

    def __init__(
        self, data: Any = None, *, member: Member, listing: Listing, environments: Sequence[Environment], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.member = member
        self.places = places_of(member)
        field = self.fields["place"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [(key, label) for key, (label, _project, _component) in self.places.items()]
        self.order_fields(["place", "name", "description"])
        for environment in environments:
            self.fields[f"environment_{environment.pk}"] = environment_field(member, listing, environment)

    @property
    def rows(self) -> list[tuple[forms.BoundField, EnvironmentField]]:
        """The environments with their fields, for the page."""
        found = [(self[name], field) for name, field in self.fields.items()]
        return [(bound, field) for bound, field in found if isinstance(field, EnvironmentField)]

    def clean(self) -> dict[str, Any]:
        """At least one environment must have credentials."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not self.choices_of(cleaned):
            self.add_error(None, "Choose credentials for at least one environment.")
        return cleaned

    def choices_of(self, cleaned: dict[str, Any]) -> dict[Environment, Credential]:
        """Return what was chosen, by environment."""
        chosen = {field.environment: cleaned.get(bound.name) for bound, field in self.rows if not field.why}
        return {environment: credential for environment, credential in chosen.items() if credential}

    @property
    def where(self) -> tuple[Project, Component | None]:
        """The project, and the component where only one shall use it."""
        _label, project, component = self.places[self.cleaned_data["place"]]
        return project, component


class ChooseForm(forms.Form):
    """Another credential for one environment of a connection."""

    def __init__(self, data: Any = None, *, member: Member, listing: Listing, environment: Environment) -> None:
        super().__init__(data)
        field = environment_field(member, listing, environment)
        field.label, field.required = f"Credentials for {environment}", True
        self.fields["credential"] = field


def environment_field(member: Member, listing: Listing, environment: Environment) -> EnvironmentField:
    """Return the field of one environment; disabled with a reason where the role may not use it."""
    why = refused(member, SEE_CRITICAL) if environment.critical else ""
    return EnvironmentField(environment, listing, [] if why else _fitting(member, listing, environment), why)


def places_of(member: Member) -> dict[str, tuple[str, Project, Component | None]]:
    """Return the projects and components of the organization as choices."""
    found: dict[str, tuple[str, Project, Component | None]] = {}
    for project in Project.objects.for_member(member, "project:view").prefetch_related("components"):
        found[f"project:{project.pk}"] = (f"{project}: every component", project, None)
        for component in project.components.all():
            found[f"component:{component.pk}"] = (f"{project} / {component} only", project, component)
    return found


def _fitting(member: Member, listing: Listing, environment: Environment) -> list[Credential]:
    """Return the credentials of the listing's database, then those of other databases of its type in the Marketplace."""
    mine = Credential.objects.for_member(member, "credential:view").filter(environment=environment)
    mine = mine.select_related("store").order_by("store__name", "database", "name")
    own = list(mine.filter(store_id=listing.store_id, database=listing.database))
    offered = Listing.objects.for_member(member, "marketplace:view").filter(store__engine=listing.store.engine)
    pairs = set(offered.values_list("store_id", "database"))
    others = mine.filter(store__engine=listing.store.engine, store_id__in={store for store, _ in pairs})
    fitting = [one for one in others[: MOST_OTHERS * 2] if (one.store_id, one.database) in pairs and one not in own]
    return [*own, *fitting[:MOST_OTHERS]]


def _is_of(credential: Credential, listing: Listing) -> bool:
    return credential.store_id == listing.store_id and credential.database == listing.database


def _groups(
    listing: Listing, own: Sequence[Credential], credentials: Sequence[Credential]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the options, grouped by database."""
    groups: dict[str, list[tuple[str, str]]] = {str(listing): []} if own else {}
    for credential in credentials:
        group = str(listing) if _is_of(credential, listing) else f"{credential.store} / {credential.database}"
        groups.setdefault(group, []).append((str(credential.pk), f"{credential.name} ({credential.username})"))
    return list(groups.items())

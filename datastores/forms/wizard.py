"""The questions of the create wizard: one form per step, checked against catalogue and organization."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final

from django import forms
from django.db.models import Value
from django.db.models.functions import Lower

from console.models import Member
from datastores.actions.admission import free_room, why_full
from datastores.actions.trials import why_not_offered
from datastores.capacity import Room
from datastores.engines.registry import ENGINES
from datastores.forms.draft import Draft
from datastores.models import Cloud, DataStore, PlanPrice, Region, ServicePlan

LONGEST_NAME: Final = 60


class StepForm(forms.Form):
    """One question. ``member`` asks; ``draft`` holds the other answers."""

    question: ClassVar[str]

    def __init__(self, data: Any = None, *, member: Member, draft: Draft) -> None:
        super().__init__(data, initial={self.question: draft.answer(self.question)})
        self.member, self.draft = member, draft

    @property
    def answer(self) -> str:
        """The answer in the form in which the draft keeps it."""
        return str(self.cleaned_data[self.question])


class TypeForm(StepForm):
    """Which kind of server."""

    question = "type"
    type = forms.ChoiceField(
        choices=[(slug, engine.label) for slug, engine in ENGINES.items()],
        error_messages={
            "required": "Choose a type.",
            "invalid_choice": "This type is not offered here. Choose one of the cards.",
        },
    )


class NameForm(StepForm):
    """Under which name people find it."""

    question = "name"
    name = forms.CharField(
        max_length=LONGEST_NAME,
        error_messages={
            "required": "Give the data store a name.",
            "max_length": f"The name may have at most {LONGEST_NAME} characters; this one has %(show_value)s.",
        },
    )

    def clean_name(self) -> str:
        """Join runs of white space, refuse control characters, keep names unique in any case."""
        name = re.sub(r"\s+", " ", str(self.cleaned_data["name"])).strip()
        if not name.isprintable():
            raise forms.ValidationError("The name holds characters that can't be shown. Type it instead of pasting it.")
        if name_is_taken(self.member, name):
            raise forms.ValidationError(f"“{name}” exists already in {self.member.organization}. Choose another name.")
        return name


class CloudForm(StepForm):
    """Whose cloud."""

    question = "cloud"
    cloud = forms.ModelChoiceField(
        Cloud.objects.none(),
        to_field_name="slug",
        error_messages={
            "required": "Choose a cloud.",
            "invalid_choice": "This cloud is not offered here. Choose one of the cards.",
        },
    )

    def __init__(self, data: Any = None, *, member: Member, draft: Draft) -> None:
        super().__init__(data, member=member, draft=draft)
        offered = open_regions().values("cloud")
        choose_from(self, Cloud.objects.filter(pk__in=offered))

    @property
    def answer(self) -> str:
        """The cloud's slug."""
        return str(self.cleaned_data["cloud"].slug)


class RegionForm(StepForm):
    """Which region of the chosen cloud."""

    question = "region"
    region = forms.ModelChoiceField(
        Region.objects.none(),
        to_field_name="code",
        error_messages={
            "required": "Choose a region.",
            "invalid_choice": "This region is not offered on the chosen cloud. Choose one of the list.",
        },
    )

    def __init__(self, data: Any = None, *, member: Member, draft: Draft) -> None:
        super().__init__(data, member=member, draft=draft)
        choose_from(self, open_regions().filter(cloud__slug=draft.cloud))

    @property
    def answer(self) -> str:
        """The region's code, as its cloud writes it."""
        return str(self.cleaned_data["region"].code)


class PlanForm(StepForm):
    """Which service plan."""

    question = "plan"
    plan = forms.ModelChoiceField(
        ServicePlan.objects.none(),
        to_field_name="slug",
        error_messages={
            "required": "Choose a plan.",
            "invalid_choice": "This plan is not offered here. Choose one of the cards.",
        },
    )

    def __init__(self, data: Any = None, *, member: Member, draft: Draft) -> None:
        super().__init__(data, member=member, draft=draft)
        choose_from(self, ServicePlan.objects.filter(enabled=True))

    def clean_plan(self) -> ServicePlan:
        """Refuse what has no price on the chosen cloud, and what the region has no room for."""
        plan: ServicePlan = self.cleaned_data["plan"]
        priced = PlanPrice.objects.filter(plan=plan, cloud__slug=self.draft.cloud).exists()
        region = open_regions().filter(cloud__slug=self.draft.cloud, code=self.draft.region).first()
        free = free_room(region.site) if region else None
        tier = why_not_offered(self.member.organization, self.draft.type, plan)
        if reason := why_not(plan, priced=priced, free=free, tier=tier):
            raise forms.ValidationError(reason)
        return plan

    @property
    def answer(self) -> str:
        """The plan's slug."""
        return str(self.cleaned_data["plan"].slug)


FORMS: Final[dict[str, type[StepForm]]] = {
    form.question: form for form in (TypeForm, NameForm, CloudForm, RegionForm, PlanForm)
}


def choose_from(form: StepForm, rows: Any) -> None:
    """Let the form's only field choose from ``rows``."""
    field = form.fields[form.question]
    assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - only steps with rows call this
    field.queryset = rows


def open_regions() -> Any:
    """Return the regions in which new data stores may be placed."""
    return Region.objects.filter(enabled=True, site__enabled=True).select_related("cloud", "site")


def name_is_taken(member: Member, name: str) -> bool:
    """Say whether the organization has a data store of that name, whatever its case."""
    mine = DataStore.objects.present().filter(organization_id=member.organization_id)
    return mine.annotate(lower_name=Lower("name")).filter(lower_name=Lower(Value(name))).exists()


def why_not(plan: ServicePlan, *, priced: bool, free: Room | None, tier: str = "") -> str:
    """Return why a plan can't be chosen now, or an empty text.

    ``free`` is what the region's site has left, if it is counted; ``tier`` is why the organization's tier has it not.
    """
    return tier or (why_full(plan, free) if priced else "This plan is not offered on the chosen cloud.")

"""What a page of the create wizard shows: progress, choices, and the summary beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from datastores.engines.registry import ENGINES
from datastores.forms.draft import STEPS, Draft, step_before
from datastores.forms.selection import Selection, Wizard
from datastores.forms.wizard import StepForm, open_regions
from datastores.models import Cloud, Region
from datastores.presentation.plans import hourly, monthly, plan_cards, plan_facts, trial_tag
from datastores.trials import LENGTH

LABELS: Final = {
    "type": "Type",
    "name": "Display name",
    "cloud": "Cloud",
    "region": "Region",
    "plan": "Plan",
    "review": "Review",
}
FREE_NOTE: Final = (
    f"Free for {LENGTH.days} days: the price applies on the paid tier only. A month is counted as 730 hours."
)
Address = Callable[[str, Draft], str]


@dataclass(frozen=True)
class Choice:
    """One card."""

    value: str
    title: str
    note: str
    checked: bool
    icon: str = ""


@dataclass(frozen=True)
class ChoiceGroup:
    """Cards under a heading; one without a heading stands alone."""

    title: str
    choices: list[Choice] = field(default_factory=list)


@dataclass(frozen=True)
class Summary:
    """The panel beside the question."""

    rows: list[tuple[str, str]]
    price_month: str
    price_hour: str
    note: str = "A month is counted as 730 hours."


def page_of(step: str, wizard: Wizard, form: StepForm | None, address: Address) -> dict[str, Any]:
    """Return the context of one step's page."""
    selection, back = wizard.selection(), step_before(step)
    here = address(step, wizard.draft)
    context: dict[str, Any] = {
        "step": step,
        "title": LABELS[step],
        "form": form,
        "here": here,
        "steps": _progress(step, wizard, address),
        "summary": summary_of(selection, free=is_trial(wizard)),
        "selection": selection,
        "back": address(back, wizard.draft) if back else "",
        "errors": list(form[step].errors) if form is not None and form.is_bound else [],
    }
    if step == "plan":
        cards = plan_cards(wizard.member.organization, wizard.draft, selection.engine, selection.region)
        return context | {
            "offered": [card for card in cards if not card.why],
            "refused": [card for card in cards if card.why],
        }
    if step == "review":
        facts = {"facts": _review_facts(selection), "changes": _changes(wizard, address)}
        return context | facts | {"trial": is_trial(wizard)}
    return context | {
        "groups": GROUPS[step](wizard.draft) if step in GROUPS else [],
        "typed": _typed(step, form),
    }


def is_trial(wizard: Wizard) -> bool:
    """Say whether what is chosen would be a free trial."""
    plan = wizard.selection().plan
    return bool(plan and trial_tag(wizard.member.organization, plan))


def summary_of(selection: Selection, *, free: bool = False) -> Summary:
    """Return what was chosen so far, with its price; ``free`` for a trial."""
    region = f"{selection.region.name} ({selection.region.code})" if selection.region else ""
    return Summary(
        rows=[
            ("Type", selection.engine.label if selection.engine else ""),
            ("Name", selection.name),
            ("Cloud", selection.cloud.name if selection.cloud else ""),
            ("Region", region),
            ("Plan", selection.plan.name if selection.plan else ""),
        ],
        price_month=monthly(selection.price),
        price_hour=hourly(selection.price),
        note=FREE_NOTE if free else Summary.note,
    )


def _progress(step: str, wizard: Wizard, address: Address) -> list[dict[str, str]]:
    """Return the steps: those answered before this one lead back to their question."""
    here = STEPS.index(step)
    states = ["done" if place < here else "current" if place == here else "waiting" for place in range(len(STEPS))]
    return [
        {"label": LABELS[name], "state": state, "url": address(name, wizard.draft)}
        for name, state in zip(STEPS, states, strict=True)
    ]


def _typed(step: str, form: StepForm | None) -> str:
    """Return what the person typed, right or wrong."""
    return str(form[step].value() or "") if form is not None else ""


def _types(draft: Draft) -> list[ChoiceGroup]:
    cards = [
        Choice(slug, engine.label, engine.description, checked=slug == draft.type, icon=engine.icon)
        for slug, engine in ENGINES.items()
    ]
    return [ChoiceGroup("", cards)]


def _clouds(draft: Draft) -> list[ChoiceGroup]:
    """Return the clouds that have an open region, each with its areas."""
    areas: dict[int, list[str]] = {}
    for cloud, area in open_regions().order_by("-area").values_list("cloud", "area").distinct():
        areas.setdefault(cloud, []).append(f"{area.upper()}")
    clouds = Cloud.objects.filter(pk__in=areas)
    return [
        ChoiceGroup(
            "",
            [
                Choice(
                    cloud.slug,
                    cloud.name,
                    f"Regions in {' and '.join(areas[cloud.pk])}",
                    cloud.slug == draft.cloud,
                    "cloud",
                )
                for cloud in clouds
            ],
        )
    ]


def _regions(draft: Draft) -> list[ChoiceGroup]:
    """Return the chosen cloud's regions, the United States first as FEATURES names them."""
    groups = {area: ChoiceGroup(Region.Area(area).label) for area in (Region.Area.US, Region.Area.EU)}
    for region in open_regions().filter(cloud__slug=draft.cloud):
        card = Choice(region.code, region.name, region.code, region.code == draft.region, "map-pin")
        groups[Region.Area(region.area)].choices.append(card)
    return [group for group in groups.values() if group.choices]


GROUPS: Final[dict[str, Callable[[Draft], list[ChoiceGroup]]]] = {
    "type": _types,
    "cloud": _clouds,
    "region": _regions,
}


def _review_facts(selection: Selection) -> list[tuple[str, str]]:
    """Return what the plan brings."""
    return plan_facts(selection.plan, selection.engine) if selection.plan else []


def _changes(wizard: Wizard, address: Address) -> list[tuple[str, str, str]]:
    """Return (name, value, where to change it) for every answer."""
    rows = summary_of(wizard.selection()).rows
    return [
        (label, value, address(question, wizard.draft))
        for (label, value), question in zip(rows, STEPS[:-1], strict=True)
    ]

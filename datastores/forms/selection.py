"""The wizard as a whole: which question is open, and what the answers choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from console.models import Member
from datastores.engines.contract import Engine
from datastores.engines.registry import engine
from datastores.forms.draft import QUESTIONS, Draft
from datastores.forms.wizard import FORMS, StepForm
from datastores.models import Cloud, PlanPrice, Region, ServicePlan


@dataclass(frozen=True)
class Selection:
    """What the answers choose; None where a question is open or its answer does not hold (any more)."""

    engine: Engine | None
    name: str
    cloud: Cloud | None
    region: Region | None
    plan: ServicePlan | None
    price: PlanPrice | None


class Wizard:
    """One member's draft, checked question by question."""

    def __init__(self, member: Member, draft: Draft) -> None:
        self.member, self.draft = member, draft
        self._checked: dict[str, StepForm] = {}

    def form(self, question: str, data: Any = None) -> StepForm:
        """Return a step's form: filled with ``data``, else with the draft's answer, else empty."""
        if data is None and self.draft.answer(question):
            return self._check(question)
        return FORMS[question](data, member=self.member, draft=self.draft)

    def open_question(self, before: str) -> str | None:
        """Return the first question before the step ``before`` that has no valid answer, or None."""
        earlier = QUESTIONS[: QUESTIONS.index(before)] if before in QUESTIONS else QUESTIONS
        return next((question for question in earlier if not self._check(question).is_valid()), None)

    def selection(self) -> Selection:
        """Return what the answers choose."""
        type_, cloud, plan = self._value("type"), self._value("cloud"), self._value("plan")
        price = PlanPrice.objects.filter(plan=plan, cloud=cloud).first() if plan and cloud else None
        return Selection(
            engine=engine(type_) if type_ else None,
            name=self._value("name") or "",
            cloud=cloud,
            region=self._value("region") if cloud else None,
            plan=plan,
            price=price,
        )

    def _value(self, question: str) -> Any:
        form = self._check(question)
        return form.cleaned_data.get(question) if form.is_valid() else None

    def _check(self, question: str) -> StepForm:
        """Check an answer of the draft once."""
        if question not in self._checked:
            data = {question: self.draft.answer(question)}
            self._checked[question] = FORMS[question](data, member=self.member, draft=self.draft)
        return self._checked[question]

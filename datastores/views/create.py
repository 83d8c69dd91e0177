"""The create wizard: one question to a page; the answers live in the address, the server keeps nothing."""

from __future__ import annotations

from datetime import datetime

from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from console.access import permission_required
from console.errors import Refusal
from console.requests import AuthedRequest
from datastores.actions import create_store
from datastores.forms.draft import QUESTIONS, Draft, step_after
from datastores.forms.selection import Wizard
from datastores.forms.wizard import StepForm
from datastores.models import DataStore
from datastores.presentation.sections import enter
from datastores.presentation.wizard import is_trial, page_of, summary_of

OPENED = "datastores.create.opened"  # the salt of the review page's mark


@require_safe
@permission_required("store:create")
def begin(request: AuthedRequest) -> HttpResponse:
    """Lead to the first question that the address does not answer."""
    wizard = Wizard(request.member, Draft.read(request.GET.dict()))
    return redirect(address(wizard.open_question(before="review") or "review", wizard.draft))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("store:create")
def question(request: AuthedRequest, step: str) -> HttpResponse:
    """Show or answer one question; an earlier one that is open comes first."""
    if step not in QUESTIONS:
        raise Http404
    wizard = Wizard(request.member, Draft.read(request.GET.dict()))
    if request.method != "POST" and request.htmx:
        return _summary(request, step, wizard)
    if open_question := wizard.open_question(before=step):
        return redirect(address(open_question, wizard.draft))
    if request.method != "POST":
        return _ask(request, step, wizard, wizard.form(step))
    form = wizard.form(step, request.POST)
    if not form.is_valid():
        return _ask(request, step, wizard, form, status=422)
    return redirect(address(step_after(step), wizard.draft.with_answer(step, form.answer)))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("store:create")
def review(request: AuthedRequest) -> HttpResponse:
    """Show all answers, and create the data store from them."""
    wizard = Wizard(request.member, Draft.read(request.GET.dict()))
    if request.method == "POST" and (twin := _twin(request, wizard.draft)):
        return redirect("store", twin.pk)
    if open_question := wizard.open_question(before="review"):
        return redirect(address(open_question, wizard.draft))
    return _create(request, wizard) if request.method == "POST" else _review(request, wizard)


def address(step: str, draft: Draft) -> str:
    """Return where a step of this draft is."""
    return f"{reverse('store-create-step', args=[step])}?{draft.query()}".removesuffix("?")


def _ask(request: AuthedRequest, step: str, wizard: Wizard, form: StepForm, status: int = 200) -> HttpResponse:
    context = page_of(step, wizard, form, address) | {"section": enter(request, wizard.draft.type)}
    return render(request, f"datastores/wizard/{step}.html", context, status=status)


def _summary(request: AuthedRequest, step: str, wizard: Wizard) -> HttpResponse:
    """Answer a choice that was not sent yet: the price beside it, and the address that Back returns to."""
    answer = render(
        request, "datastores/wizard/summary.html", {"summary": summary_of(wizard.selection(), free=is_trial(wizard))}
    )
    answer["HX-Replace-Url"] = address(step, wizard.draft)
    return answer


def _review(request: AuthedRequest, wizard: Wizard, refusal: Refusal | None = None) -> HttpResponse:
    context = page_of("review", wizard, None, address)
    context |= {"section": enter(request, wizard.draft.type)}
    context |= {"opened": signing.dumps(timezone.now().isoformat(), salt=OPENED), "refusal": refusal}
    return render(request, "datastores/wizard/review.html", context, status=422 if refusal else 200)


def _create(request: AuthedRequest, wizard: Wizard) -> HttpResponse:
    """Create the store and show it. The second of two clicks is shown the store of the first one."""
    chosen = wizard.selection()
    if not (chosen.engine and chosen.region and chosen.plan):  # an answer stopped holding this instant
        return redirect(address("review", wizard.draft))
    try:
        store = create_store(
            actor=request.actor,
            member=request.member,
            engine=chosen.engine.slug,
            name=chosen.name,
            region=chosen.region,
            plan=chosen.plan,
        )
    except Refusal as refusal:
        twin = _twin(request, wizard.draft)
        return redirect("store", twin.pk) if twin else _review(request, wizard, refusal)
    return redirect("store", store.pk)


def _twin(request: AuthedRequest, draft: Draft) -> DataStore | None:
    """Return what this review page made already: same person, same answers, made since it was opened."""
    try:
        opened = datetime.fromisoformat(signing.loads(request.POST.get("opened", ""), salt=OPENED))
    except signing.BadSignature:
        return None
    mine = DataStore.objects.for_member(request.member, "store:create").filter(created_by_id=request.member.person_id)
    same = mine.filter(
        engine=draft.type,
        region__cloud__slug=draft.cloud,
        region__code=draft.region,
        plan__slug=draft.plan,
    )
    return same.filter(name__iexact=draft.name, created_at__gte=opened).first()

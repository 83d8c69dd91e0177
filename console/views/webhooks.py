"""The webhooks of an organization: add, change, test, look at what was delivered, remove."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from console.access import permission_required
from console.actions import webhooks as actions
from console.forms.notices import WebhookForm
from console.models import Webhook
from console.requests import AuthedRequest

LOG = 30


def _hook(request: AuthedRequest, pk: uuid.UUID) -> Webhook:
    hook = get_object_or_404(Webhook.objects.filter(organization_id=request.member.organization_id), pk=pk)
    hook.organization = request.member.organization
    return hook


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("webhook:edit")
def add(request: AuthedRequest) -> HttpResponse:
    """Add a webhook."""
    form = WebhookForm(request.POST or None)
    if form.is_valid():
        hook = actions.add_webhook(actor=request.actor, organization=request.member.organization, **form.cleaned_data)
        messages.success(request, "The webhook is there. Send a test to see whether it arrives.")
        return redirect("webhook", hook.pk)
    context = {"form": form, "tab": "notification-settings"}
    return render(request, "console/webhook_add.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("webhook:edit")
def show(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a webhook with its log, and change it."""
    hook = _hook(request, pk)
    form = WebhookForm(request.POST or None, initial={"url": hook.url, "kinds": hook.kinds})
    if request.htmx and request.method != "POST":
        return render(request, "console/webhook_secret.html", {"hook": hook, "secret": ""})
    if form.is_valid():
        if actions.change_webhook(actor=request.actor, hook=hook, **form.cleaned_data):
            messages.success(request, "Saved.")
        return redirect("webhook", pk)
    return _page(request, hook, form, status=422 if form.is_bound else 200)


@require_POST
@never_cache
@permission_required("webhook:edit")
def reveal(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the secret, or answer it as text for the clipboard; either is recorded."""
    hook = _hook(request, pk)
    secret = actions.reveal_secret(actor=request.actor, hook=hook)
    if request.POST.get("purpose") == "copy":
        return HttpResponse(secret, content_type="text/plain; charset=utf-8")
    if request.htmx:
        return render(request, "console/webhook_secret.html", {"hook": hook, "secret": secret})
    return _page(request, hook, WebhookForm(initial={"url": hook.url, "kinds": hook.kinds}), secret=secret)


@require_POST
@permission_required("webhook:edit")
def test(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Send a test."""
    actions.send_test(actor=request.actor, hook=_hook(request, pk))
    messages.success(request, "A test is on its way. Reload the page in a moment to see whether it arrived.")
    return redirect("webhook", pk)


@require_POST
@permission_required("webhook:edit")
def remove(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Remove a webhook."""
    actions.remove_webhook(actor=request.actor, hook=_hook(request, pk))
    messages.success(request, "The webhook is removed.")
    return redirect("notification-settings")


def _page(
    request: AuthedRequest, hook: Webhook, form: WebhookForm, *, secret: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "hook": hook,
        "form": form,
        "secret": secret,
        "log": hook.deliveries.select_related("notice")[:LOG],
        "tab": "notification-settings",
    }
    return render(request, "console/webhook.html", context, status=status)

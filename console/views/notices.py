"""Notices in the page, marking them as read, and which of them are mailed."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.access import permission_required
from console.actions.notices import choose_mail, mark_read
from console.forms.notices import MailForm
from console.models import Notice
from console.notices import Kind
from console.permissions import Role
from console.requests import AuthedRequest

PAGE = 30


@require_safe
@never_cache
@permission_required("organization:view")
def index(request: AuthedRequest) -> HttpResponse:
    """List what the organization and the person were told, newest first."""
    member = request.member
    found = Notice.objects.for_member(member).exclude(kind=Kind.TEST.value)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    since = member.notices_read_at or member.joined_at
    rows = [(notice, notice.at > since, Kind(notice.kind).label) for notice in page.object_list]
    context = {"page": page, "rows": rows, "unread": any(unread for _, unread, _ in rows)}
    return render(request, "console/notices.html", context)


@require_POST
@permission_required("organization:view")
def read(request: AuthedRequest) -> HttpResponse:
    """Mark everything that is there now as read."""
    mark_read(request.member)
    return redirect("notices")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("organization:view")
def mail(request: AuthedRequest) -> HttpResponse:
    """Choose what is mailed; below, the organization's webhooks."""
    member = request.member
    role = Role(member.role)
    form = MailForm(role=role)
    wanted = [kind for kind, _ in form.fields["kinds"].choices if kind not in member.muted]  # type: ignore[attr-defined]
    form = MailForm(request.POST or None, role=role, initial={"kinds": wanted})
    if request.method == "POST":
        form = MailForm(request.POST, role=role)
        if form.is_valid():
            if choose_mail(actor=request.actor, member=member, wanted=form.cleaned_data["kinds"]):
                messages.success(request, "Saved.")
            return redirect("notification-settings")
    context = {
        "form": form,
        "mail_configured": settings.MAIL_CONFIGURED,
        "webhooks": member.organization.webhooks.defer("secret"),
        "may_edit": member.can("webhook:edit"),
        "tab": "notification-settings",
    }
    return render(request, "console/notification_settings.html", context, status=422 if form.is_bound else 200)

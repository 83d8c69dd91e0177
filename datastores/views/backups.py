"""The Backups tab: its page, its buttons, and restoring into a new data store."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.access import permission_required
from console.errors import Refusal
from console.requests import AuthedRequest
from datastores import actions
from datastores.engines.registry import history_of
from datastores.forms.backups import RestoreForm, TimeForm
from datastores.models import Archive, Backup, DataStore
from datastores.presentation.backups import backups_page
from datastores.views.shared import page_context, store_of

TAB = "store-backups"


@require_safe
@never_cache
@permission_required("store:view")
def backups(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what can be restored and what proved it."""
    return _page(request, store_of(request, pk, "store:view"))


@require_POST
@permission_required("store:back_up")
def back_up(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a backup now."""
    actions.back_up(actor=request.actor, store=store_of(request, pk, "store:back_up"))
    return redirect(TAB, pk)


@require_POST
@permission_required("store:back_up")
def prove(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Restore a copy of the newest backup and check it, now."""
    actions.prove(actor=request.actor, store=store_of(request, pk, "store:back_up"))
    return redirect(TAB, pk)


@require_POST
@permission_required("store:back_up")
def change_time(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Move the daily backup."""
    store = store_of(request, pk, "store:back_up")
    form = TimeForm(request.POST)
    if not form.is_valid():
        return _page(request, store, form)
    actions.set_backup_time(actor=request.actor, store=store, second=form.second)
    messages.success(request, "Saved. The next daily backup begins at that time.")
    return redirect(TAB, pk)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("store:back_up")
def restore(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask what is to be restored, and restore it into a new data store."""
    source = store_of(request, pk, "store:back_up")
    form = _restore_form(source, request.POST if request.method == "POST" else None)
    refusal = None
    if form.is_bound and form.is_valid():
        try:
            made = actions.restore_to_new_store(
                actor=request.actor,
                member=request.member,
                source=source,
                name=form.cleaned_data["name"],
                wish=form.wish,
            )
        except Refusal as why:
            refusal = why
        else:
            return redirect("store", made.pk)
    context = page_context(request, source, TAB, busy=False)
    context |= {"form": form, "refusal": refusal, "page": backups_page(source, request.member)}
    status = 422 if form.is_bound else 200
    return render(request, "datastores/store/restore.html", context, status=status)


@require_POST
@never_cache
@permission_required("store:back_up")
def restore_node(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Replace the lost node of the store whose name was typed; a refusal stands beside the field."""
    store = store_of(request, pk, "store:back_up")
    try:
        actions.restore_node(actor=request.actor, store=store, typed_name=request.POST.get("confirm_name", ""))
    except Refusal as refusal:
        return _page(request, store, node_error=f"{refusal.sentence} {refusal.remedy}".strip())
    return redirect("store", pk)


@require_POST
@permission_required("store:create")
def bring_back(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Bring a deleted store back from its archive."""
    gone = get_object_or_404(actions.deleted_stores(request.member), pk=pk)
    back = actions.restore_deleted(actor=request.actor, member=request.member, store=gone)
    return redirect("store", back.pk)


def _restore_form(source: DataStore, data: Any) -> RestoreForm:
    archive = Archive.objects.filter(store=source).first()
    history = history_of(source)
    window = archive.window(timezone.now(), history) if archive and history else None
    complete = archive.backups.filter(state=Backup.State.COMPLETE).defer("manifest") if archive and history else []
    return RestoreForm(data, source=source.name, window=window, backups=list(complete))


def _page(
    request: AuthedRequest, store: DataStore, form: TimeForm | None = None, *, node_error: str = ""
) -> HttpResponse:
    context = page_context(request, store, TAB, busy=False)
    page = backups_page(store, request.member)
    context |= {"page": page, "time_form": form or TimeForm(initial={"time": page.daily_at})}
    context |= {"node_error": node_error}
    return render(request, "datastores/store/backups.html", context, status=422 if form or node_error else 200)

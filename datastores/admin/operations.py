"""Operations in the admin site: what is stuck or failed comes first, with its steps, Retry and Cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone

from console.audit import Actor
from console.errors import Refusal
from console.operators import ReadOnlyAdmin, ReadOnlyInline
from console.requests import MemberRequest
from datastores.actions import cancel_operation, retry_operation, take_over_operation
from datastores.admin.stores import SECRETS
from datastores.models import Operation, OperationStep


def retry(operation: Operation, actor: Actor) -> None:
    """Let a failed operation go on."""
    retry_operation(actor=actor, operation=operation)


def cancel(operation: Operation, actor: Actor) -> None:
    """End an operation where it stands."""
    cancel_operation(actor=actor, operation=operation)


def take_over(operation: Operation, actor: Actor) -> None:
    """Have an operation that is late or stuck worked on at once."""
    take_over_operation(actor=actor, operation=operation)


class StepInline(ReadOnlyInline):
    """The timeline of an operation."""

    model = OperationStep
    fields = ("label", "began_at", "ended_at", "attempts", "failed", "sentence")


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """Long work: failed first, then what is late, then what runs, then the rest."""

    list_display = ("__str__", "state", "step", "sentence", "attempts", "requested_by", "created_at")
    list_filter = ("state", "kind")
    search_fields = ("id__exact", "store__name", "store__organization__name", "requested_by")
    fields = (
        "id",
        "store",
        "kind",
        "state",
        "step",
        "sentence",
        "remedy",
        "attempts",
        "due_at",
        "deadline",
        "lease_until",
        "requested_by",
        "created_at",
        "finished_at",
    )
    inlines = (StepInline,)
    change_form_template = "admin/datastores/operation/change_form.html"
    actions = ("retry_chosen", "take_over_chosen", "cancel_chosen")

    def get_ordering(self, request: HttpRequest) -> Any:
        """Order by what needs attention."""
        urgency = Case(
            When(state=Operation.State.FAILED, then=Value(0)),
            When(state__in=Operation.ACTIVE, deadline__lt=timezone.now(), then=Value(1)),
            When(state__in=Operation.ACTIVE, then=Value(2)),
            default=Value(3),
            output_field=IntegerField(),
        )
        return (urgency, "-created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Name store and organization in the same query, without secrets."""
        found = super().get_queryset(request).select_related("store__organization")
        return found.defer(*(f"store__{name}" for name in SECRETS))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Let the store's page link to its operations."""
        return lookup == "store__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def get_urls(self) -> list[URLPattern]:
        """Add the two buttons of an operation's page."""
        own = [
            path(
                "<uuid:pk>/retry/",
                self.admin_site.admin_view(self.retry_view),
                name="datastores_operation_retry",
            ),
            path(
                "<uuid:pk>/take-over/",
                self.admin_site.admin_view(self.take_over_view),
                name="datastores_operation_take_over",
            ),
            path(
                "<uuid:pk>/cancel/",
                self.admin_site.admin_view(self.cancel_view),
                name="datastores_operation_cancel",
            ),
        ]
        return [*own, *super().get_urls()]

    def retry_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Retry one operation (POST)."""
        return self._act(request, pk, retry, "The operation goes on with the step that failed.")

    def take_over_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Take one operation over (POST)."""
        return self._act(request, pk, take_over, "The operation goes on at once, with a fresh deadline.")

    def cancel_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Cancel one operation (POST)."""
        return self._act(request, pk, cancel, "The operation is cancelled.")

    def _act(self, request: HttpRequest, pk: str, act: Callable[[Operation, Actor], None], done: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self._may_act(request):
            raise PermissionDenied
        operation = get_object_or_404(self.get_queryset(request), pk=pk)
        self._try(request, operation, act, done)
        return redirect("admin:datastores_operation_change", operation.pk)

    def _try(
        self, request: HttpRequest, operation: Operation, act: Callable[[Operation, Actor], None], done: str
    ) -> None:
        try:
            act(operation, cast("MemberRequest", request).actor)
        except Refusal as refusal:
            messages.error(request, f"{operation}: {refusal.sentence} {refusal.remedy}")
        else:
            messages.success(request, f"{operation}: {done}")

    def _may_act(self, request: HttpRequest) -> bool:
        """Operators without all rights need the right to change operations."""
        return request.user.has_perm("datastores.change_operation")

    has_act_permission = _may_act

    @admin.action(description="Retry", permissions=["act"])
    def retry_chosen(self, request: HttpRequest, chosen: QuerySet[Operation]) -> None:
        """Retry every chosen operation that has failed."""
        for operation in chosen:
            self._try(request, operation, retry, "The operation goes on with the step that failed.")

    @admin.action(description="Take over", permissions=["act"])
    def take_over_chosen(self, request: HttpRequest, chosen: QuerySet[Operation]) -> None:
        """Have every chosen operation that still works worked on at once."""
        for operation in chosen:
            self._try(request, operation, take_over, "The operation goes on at once, with a fresh deadline.")

    @admin.action(description="Cancel", permissions=["act"])
    def cancel_chosen(self, request: HttpRequest, chosen: QuerySet[Operation]) -> None:
        """Cancel every chosen operation that still works."""
        for operation in chosen:
            self._try(request, operation, cancel, "The operation is cancelled.")

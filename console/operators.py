"""The operators' admin site: for operators with a second factor only, every change is audited, attention comes first."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.text import capfirst

from console import attention, audit, second_factor
from console.access import sign_in_first
from console.models import Organization
from console.requests import MemberRequest

TEXT_LENGTH = 500


def organization_of(thing: Model) -> Organization | None:
    """Return the organization that an object belongs to, so that its members see what operators do to it."""
    if isinstance(thing, Organization):
        return thing
    for holder in (thing, getattr(thing, "store", None)):
        organization = getattr(holder, "organization", None)
        if isinstance(organization, Organization):
            return organization
    return None


class OperatorSite(admin.AdminSite):
    """Django's admin with our rules: people who are no operators get 403, sign-in is the console's own."""

    site_header = "Headwater operators"
    site_title = "Headwater operators"
    index_title = "What needs attention"
    site_url = "/"
    enable_nav_sidebar = False  # lists need the width; the breadcrumb leads back

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take only admins that write the audit trail; what other applications bring is left out."""
        if admin_class is not None and issubclass(admin_class, OperatorAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """Lead to sign-in in one step; answer 403 to people who are signed in and no operators."""
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return sign_in_first(request)
            if not self.has_permission(request):
                raise PermissionDenied
            if elsewhere := second_factor.way_to_prove(request):
                return elsewhere
            return cast("HttpResponse", guarded(request, *args, **kwargs))

        return inner

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Lead to the console's sign-in page; there is one way in."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        return redirect("admin:index") if request.user.is_authenticated else sign_in_first(request)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Lead to the console's sign-out page."""
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Lead to the console's page, which writes the audit trail."""
        return redirect("account_change_password")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what needs attention above the list of everything."""
        groups = attention.matters()
        context = {
            "attention": [group for group in groups if group[1]],
            "checked": [heading for heading, _ in groups],
            "pulse": attention.pulse(),
        }
        return super().index(request, context | (extra_context or {}))


class SpokenFields:
    """Fields of tables say their name to screen readers: in a table no label stands beside them."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Give the field's own label to its widget."""
        field = super().formfield_for_dbfield(db_field, request, **options)  # type: ignore[misc]
        if field is not None:
            field.widget.attrs.setdefault("aria-label", capfirst(str(field.label or db_field.verbose_name)))
        return field


class SpokenRows(BaseInlineFormSet[Any, Any, Any]):
    """Rows whose box for deletion says what it is."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Name the box."""
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].widget.attrs["aria-label"] = (
                "Delete this row" if form.instance.pk is None else f"Delete {form.instance}"
            )


class OperatorInline(SpokenFields, admin.TabularInline[Any, Any]):
    """Rows that belong to an object and are edited with it."""

    extra = 0
    formset = SpokenRows


class OperatorAdmin(SpokenFields, admin.ModelAdmin[Any]):
    """Base of every admin: each addition, change and deletion is an audit event, in the same transaction.

    The event names the fields that changed, not their values, so that no secret can slip into the trail.
    """

    @method_decorator(transaction.atomic)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Change, delete and record together when an action runs on a list."""
        return super().changelist_view(request, extra_context)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        """Record what was added."""
        entry = super().log_addition(request, obj, message)
        self._record("operator.added", request, obj, entry.get_change_message())
        return entry

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        """Record which fields were changed."""
        entry = super().log_change(request, obj, message)
        self._record("operator.changed", request, obj, entry.get_change_message())
        return entry

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Record what is about to be deleted."""
        for thing in queryset:
            self._record("operator.deleted", request, thing, "")
        return super().log_deletions(request, queryset)

    def _record(self, action: str, request: HttpRequest, thing: Model, what: str) -> None:
        detail = {"kind": str(self.opts.verbose_name)} | ({"what": what[:TEXT_LENGTH]} if what else {})
        actor = cast("MemberRequest", request).actor
        audit.record(action, actor=actor, organization=organization_of(thing), subject=thing, **detail)


class ReadOnlyAdmin(OperatorAdmin):
    """Facts that operators look at and nobody edits."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds facts."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes facts."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes facts."""
        return False


class ReadOnlyInline(admin.TabularInline[Any, Any]):
    """Rows that belong to an object and that nobody edits."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds rows here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes rows here."""
        return False

"""Organizations, people and the audit trail in the operators' admin site."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from console import wording
from console.actions.tiers import set_tier
from console.models import AuditEvent, Environment, Member, Organization, Person
from console.operators import OperatorAdmin, OperatorInline, ReadOnlyAdmin
from console.requests import MemberRequest
from console.templatetags.trail import details


class MemberInline(OperatorInline):
    """Who belongs to an organization, and as what."""

    model = Member
    autocomplete_fields = ("person",)


class MembershipInline(OperatorInline):
    """Where a person belongs."""

    model = Member
    autocomplete_fields = ("organization",)


class EnvironmentInline(OperatorInline):
    """The environments of an organization."""

    model = Environment


@admin.register(Organization)
class OrganizationAdmin(OperatorAdmin):
    """Tenants. They are made by people who sign up, so operators only change them."""

    list_display = ("name", "handle", "tier", "upgrade_asked_at", "member_count", "created_by", "created_at")
    list_filter = ("tier", ("upgrade_asked_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "handle", "id__exact", "members__email")
    fields = ("id", "name", "handle", "tier", "upgrade_asked_at", "created_by", "created_at")
    readonly_fields = ("id", "upgrade_asked_at", "created_by", "created_at")
    inlines = (MemberInline, EnvironmentInline)
    list_select_related = ("created_by",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count members in the same query."""
        organizations: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = organizations.annotate(member_number=Count("memberships"))
        return counted

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        """Change the tier with everything that follows from it; the rest as usual."""
        wanted = obj.tier
        obj.tier = Organization.objects.values_list("tier", flat=True).get(pk=obj.pk)
        super().save_model(request, obj, form, change)
        if set_tier(actor=cast("MemberRequest", request).actor, organization=obj, tier=wanted):
            obj.refresh_from_db()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People create their organizations themselves."""
        return False

    @admin.display(description="members", ordering="member_number")
    def member_count(self, organization: Any) -> int:
        """How many people belong to it."""
        return int(organization.member_number)


@admin.register(Person)
class PersonAdmin(OperatorAdmin):
    """People. Passwords are neither shown nor set here."""

    list_display = ("email", "name", "is_staff", "is_active", "date_joined", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "date_joined", "last_login")
    inlines = (MembershipInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only a full operator may make operators; an address is the person's own to change."""
        facts = ("email", "date_joined", "last_login")
        return facts if getattr(request.user, "is_superuser", False) else (*facts, "is_staff", "is_superuser")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People sign up themselves; operators are made by `manage.py operator_link`."""
        return False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """The audit trail of the whole installation."""

    list_display = ("at", "actor", "in_words", "object_type", "object_name", "address")
    list_filter = ("at", "object_type")
    search_fields = ("actor", "action", "object_name", "object_id__exact")
    date_hierarchy = "at"
    fields = (
        "at",
        "actor",
        "action",
        "object_type",
        "object_id",
        "object_name",
        "in_detail",
        "organization_id",
        "address",
    )
    readonly_fields = ("in_detail",)
    show_full_result_count = False
    list_per_page = 50

    @admin.display(description="did what", ordering="action")
    def in_words(self, event: AuditEvent) -> str:
        """The action as the Activity page writes it."""
        return wording.words(event.action)

    @admin.display(description="detail")
    def in_detail(self, event: AuditEvent) -> SafeString | str:
        """The detail, one line each."""
        return format_html_join("\n", "<div>{}: {}</div>", details(event.detail)) or "none"

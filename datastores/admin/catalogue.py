"""The catalogue in the admin site: sites, clouds, regions, plans and prices."""

from __future__ import annotations

from django.contrib import admin

from console.operators import OperatorAdmin, OperatorInline
from datastores.admin.attention import room_words
from datastores.models import Cloud, PlanPrice, Region, ServicePlan, Site


@admin.register(Site)
class SiteAdmin(OperatorAdmin):
    """Where nodes really run."""

    list_display = ("name", "slug", "kind", "sizing", "enabled", "room")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}

    @admin.display(description="room")
    def room(self, site: Site) -> str:
        """What is taken and what is left."""
        return room_words(site)


@admin.register(Cloud)
class CloudAdmin(OperatorAdmin):
    """Cloud providers that people pick."""

    list_display = ("name", "slug", "position")
    list_editable = ("position",)
    search_fields = ("name", "slug")


@admin.register(Region)
class RegionAdmin(OperatorAdmin):
    """Regions, each mapped to the site that stands for it."""

    list_display = ("code", "name", "cloud", "area", "site", "enabled")
    list_editable = ("site", "enabled")
    list_filter = ("cloud", "area", "site", "enabled")
    list_select_related = ("cloud", "site")
    search_fields = ("code", "name", "cloud__name")


class PlanPriceInline(OperatorInline):
    """What a plan costs on each cloud; a cloud without a price does not offer the plan."""

    model = PlanPrice
    readonly_fields = ("month",)

    @admin.display(description="USD per month (730 hours)")
    def month(self, price: PlanPrice) -> str:
        """The hourly price times 730."""
        return f"{price.monthly:,.2f}" if price.pk else ""


@admin.register(ServicePlan)
class ServicePlanAdmin(OperatorAdmin):
    """Service plans with their prices."""

    list_display = ("name", "family", "node_count", "ram_gib", "vcpu", "storage_gib", "position", "enabled")
    list_editable = ("position", "enabled")
    list_filter = ("family", "enabled")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    inlines = (PlanPriceInline,)

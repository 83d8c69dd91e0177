"""Admitting a data store to a site: in full sizing every plan gets its memory and disk, so a site can be full."""

from __future__ import annotations

from console.errors import Refusal
from datastores.capacity import Room, left, need, shortage
from datastores.models import DataStore, ServicePlan, Site
from datastores.sites.registry import driver_of


def free_room(site: Site) -> Room | None:
    """Return what is free on a site; None in development sizing, where plans share what there is.

    A store takes its plan's size until it is deleted, also while it is powered off: powering on never fails for lack of room.
    """
    if site.sizing != Site.Sizing.FULL:
        return None
    plans = DataStore.objects.present().filter(region__site=site).select_related("plan").only("plan")
    return left(driver_of(site).capacity(site), [room_of(store.plan) for store in plans])


def room_of(plan: ServicePlan) -> Room:
    """Return what a plan takes of a site."""
    return need(ram_gib=plan.ram_gib, storage_gib=plan.storage_gib, node_count=plan.node_count)


def why_full(plan: ServicePlan, free: Room | None) -> str:
    """Return why a plan does not fit into what is free, or an empty text."""
    return shortage(free, room_of(plan)) if free else ""


def admit(site: Site, plan: ServicePlan) -> None:
    """Refuse a plan that does not fit. Holds the site's row until the transaction ends: of two, one waits."""
    if site.sizing != Site.Sizing.FULL:
        return
    locked = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    if reason := why_full(plan, free_room(locked)):
        raise Refusal(reason, "Choose a smaller plan or another region, or ask an operator for more room.")

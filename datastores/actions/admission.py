"""Admitting a data store to a site: in full sizing every plan gets its memory and disk, so a site can be full."""

from __future__ import annotations

from console.errors import Refusal
from datastores.capacity import Room, left, need, shortage
from datastores.models import DataStore, Operation, ServicePlan, Site
from datastores.sites.registry import driver_of


def free_room(site: Site) -> Room | None:
    """Return what is free on a site; None in development sizing, where plans share what there is.

    A store takes its plan's size until it is deleted, also while it is powered off: powering on never fails for lack of
    room. While it moves to another plan it takes the larger of both, so that the change finds its room, and the way back.
    """
    if site.sizing != Site.Sizing.FULL:
        return None
    stores = DataStore.objects.present().filter(region__site=site).select_related("plan").only("plan")
    moving = Operation.objects.active().filter(kind="change_plan", store__region__site=site)
    wanted = ServicePlan.objects.in_bulk(list(moving.values_list("memo__plan", flat=True)))
    targets = {store: room_of(wanted[plan]) for store, plan in moving.values_list("store_id", "memo__plan")}
    taken = [room_of(store.plan) for store in stores]
    taken += [_beyond(room_of(store.plan), targets[store.pk]) for store in stores if store.pk in targets]
    return left(driver_of(site).capacity(site), taken)


def _beyond(now: Room, then: Room) -> Room:
    """Return what one amount takes on top of another."""
    return Room(max(0, then.ram_mib - now.ram_mib), max(0, then.storage_gib - now.storage_gib))


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

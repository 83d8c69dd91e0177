"""What people are told of a store's nodes: a failover at once, a suspended guarantee when it lasts."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.urls import reverse
from django.utils import timezone

from console.notices import Kind, notify
from datastores.models import DataStore, Node

LASTS: Final = timedelta(minutes=1)  # a switchover suspends the guarantee for a second, which is no news


def tell_failover(store: DataStore, primary: Node, cause: str, *, lossless: bool) -> None:
    """Tell that a standby took over, in the transaction that says so."""
    loss = (
        "It had every acknowledged write, so nothing is lost."
        if lossless
        else "It may lack the last writes that were acknowledged before; the history on the Nodes tab has what was measured."
    )
    sentence = (
        f"{cause} Node {primary.number} took over at the same address. {loss} The failed node is replaced by itself."
    )
    notify(store.organization, Kind.FAILOVER, f"{store.name} failed over", sentence, path=_page(store))


def tell_guarantee(store: DataStore) -> None:
    """Tell, once per suspension, that acknowledged writes are on one node only."""
    since = store.guarantee_suspended_since
    if store.plan.node_count < 2 or since is None or timezone.now() - since < LASTS:
        return
    notify(
        store.organization,
        Kind.FAILURE,
        f"{store.name}: writes are acknowledged by the primary alone",
        f"Since {since:%H:%M:%S} UTC no standby has every acknowledged write. Writes go on; if the primary were lost now, "
        "the latest of them could be lost with it. Standbys are brought back or replaced by themselves.",
        tone="warning",
        path=_page(store),
        key=f"guarantee:{store.pk}:{since.isoformat()}",
    )


def _page(store: DataStore) -> str:
    return reverse("store-nodes", args=[store.pk])

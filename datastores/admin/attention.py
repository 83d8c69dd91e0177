"""What data stores put on the operators' front page: failed work, late work, servers that do not answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone

from console import attention
from console.attention import Matter
from datastores.actions.admission import free_room, room_of
from datastores.admin.stores import SECRETS, SUSPENDED
from datastores.models import DataStore, Operation, Site
from datastores.trials import KEPT

MOST = 20  # of each kind; the list in the admin has them all
TROUBLE = (DataStore.State.UNREACHABLE, DataStore.State.FAILED)


def register() -> None:
    """Add the checks to the front page."""
    attention.register("Failed operations", failed_operations, position=10)
    attention.register("Late operations", late_operations, position=15)
    attention.register("Data stores", troubled_stores, position=20)
    attention.register_pulse("stores", stores_pulse, position=10)
    attention.register("Trials", held_trials, position=45)
    attention.register("Writes on one node only", suspended_guarantees, position=25)


def failed_operations() -> Iterator[Matter]:
    """Tell every failed operation that is the last word about its store."""
    failed = Operation.objects.filter(state=Operation.State.FAILED).select_related("store__organization")
    for operation in failed.defer(*(f"store__{name}" for name in SECRETS))[:MOST]:
        if not Operation.objects.filter(store=operation.store_id, created_at__gt=operation.created_at).exists():
            yield _matter(operation)


def late_operations() -> Iterator[Matter]:
    """Tell active operations whose deadline is over: nobody works on them."""
    late = Operation.objects.active().filter(deadline__lt=timezone.now()).select_related("store__organization")
    for operation in late.defer(*(f"store__{name}" for name in SECRETS))[:MOST]:
        yield _matter(operation)


def _matter(operation: Operation) -> Matter:
    whose = f" ({operation.store.organization})" if operation.store else ""
    address = reverse("admin:datastores_operation_change", args=[operation.pk])
    return Matter(f"{operation}{whose}: {operation.sentence}", operation.remedy, address)


def troubled_stores() -> Iterator[Matter]:
    """Tell data stores that do not answer or failed."""
    troubled = DataStore.objects.filter(state__in=TROUBLE).select_related("organization").defer(*SECRETS)
    for store in troubled.order_by("state_since")[:MOST]:
        sentence = f"{store} ({store.organization}): {store.get_state_display()}. {store.evidence}".strip()
        yield Matter(
            sentence,
            "Look at its operations and its log.",
            reverse("admin:datastores_datastore_change", args=[store.pk]),
        )


def held_trials() -> Iterator[Matter]:
    """Tell the trials whose data would be deleted by now if deletion protection did not hold it."""
    over = timezone.now() - KEPT
    held = DataStore.objects.present().filter(trial_ends_at__lte=over, deletion_protection=True)
    for store in held.select_related("organization").defer(*SECRETS)[:MOST]:
        yield Matter(
            f"{store.organization}: the trial of {store} ended long ago, and deletion protection keeps its data.",
            "Give the organization the paid tier, or agree with it that the protection is switched off.",
            reverse("admin:datastores_datastore_change", args=[store.pk]),
        )


def stores_pulse() -> Iterator[tuple[str, str]]:
    """Count data stores by state, and the work under way."""
    states = Counter(DataStore.objects.present().values_list("state", flat=True))
    words = ", ".join(f"{number} {DataStore.State(state).label.lower()}" for state, number in states.most_common())
    yield "Data stores", words or "none yet"
    yield "Operations under way", str(Operation.objects.active().count())
    for site in Site.objects.all():
        yield f"Room on {site}", room_words(site)


def room_words(site: Site) -> str:
    """Say what data stores take of a site, and what is left where it is counted."""
    plans = [
        store.plan
        for store in DataStore.objects.present().filter(region__site=site).select_related("plan").only("plan")
    ]
    taken = [room_of(plan) for plan in plans]
    promised = f"{sum(room.ram_mib for room in taken) // 1024} GiB RAM and {sum(room.storage_gib for room in taken)} GiB storage promised"
    free = free_room(site)
    if free is None:
        return f"{len(plans)} data stores, {promised}; development sizing shares what there is"
    return (
        f"{len(plans)} data stores, {promised}; {free.ram_mib // 1024} GiB RAM and {free.storage_gib} GiB storage free"
    )


def suspended_guarantees() -> Iterator[Matter]:
    """Tell data stores with standbys whose acknowledged writes are on the primary alone, the longest time first."""
    suspended = DataStore.objects.annotate(since=SUSPENDED).filter(since__isnull=False)
    for store in suspended.select_related("organization").defer(*SECRETS).order_by("since")[:MOST]:
        yield Matter(
            f"{store} ({store.organization}): the primary alone acknowledges writes, since "
            f"{store.guarantee_suspended_since:%-d %B, %H:%M} UTC.",
            "Its standbys come back by themselves; look at its nodes and operations if they do not.",
            reverse("admin:datastores_datastore_change", args=[store.pk]),
        )

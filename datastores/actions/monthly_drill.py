"""The monthly drill: opened by the platform for the data stores whose people switched it on."""

from __future__ import annotations

import logging
from datetime import datetime

from console.audit import Actor
from console.errors import Refusal
from datastores.actions.availability import drill
from datastores.drill_schedule import is_due, next_drill
from datastores.models import DataStore, Failover, Operation

log = logging.getLogger(__name__)
SCHEDULE = Actor(label="monthly drill")
FAULT = Failover.Kind.DRILL_KILL


def open_due_drills(now: datetime) -> list[Operation]:
    """Open the drills that are due. A refusal, such as while other work runs, is logged; the next night tries again."""
    wanted = DataStore.objects.filter(monthly_drill=True, state=DataStore.State.RUNNING, plan__node_count__gt=1)
    opened = []
    for store in wanted.select_related("region", "plan"):
        if not is_due(store.pk, store.region.area, now, last_drill(store)):
            continue
        try:
            opened.append(drill(actor=SCHEDULE, store=store, fault=FAULT, typed_name=store.name))
        except Refusal as refusal:
            log.warning("The monthly drill was refused: %s", refusal.sentence, extra={"store": store.pk})
    return opened


def last_drill(store: DataStore) -> datetime | None:
    """Return when the primary's process was last killed for a drill, by whoever asked; one that failed did nothing."""
    made = store.operations.filter(kind="drill", memo__fault=FAULT.value)
    made = made.exclude(state__in=(Operation.State.FAILED, Operation.State.CANCELLED))
    return made.order_by("-created_at").values_list("created_at", flat=True).first()


def next_monthly_drill(store: DataStore, now: datetime) -> datetime | None:
    """Return when the store's next monthly drill begins; None where it is switched off."""
    return next_drill(store.pk, store.region.area, now, last_drill(store)) if store.monthly_drill else None

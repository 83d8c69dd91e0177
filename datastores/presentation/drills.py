"""What a failure drill would do and what clients would notice of it, by what was measured before."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Final

from console.templatetags.ui import milliseconds
from datastores.models import DataStore, Failover
from datastores.presentation.outages import promise_of

Kind = Failover.Kind
SAMPLE: Final = 50  # the latest drills of which a median is made
WORDS: Final = {
    Kind.DRILL_KILL: ("Kill the process", "The primary's process ends at once, as in a crash."),
    Kind.DRILL_FREEZE: ("Freeze the process", "The primary hangs: connections stay open and nothing answers."),
    Kind.DRILL_DESTROY: (
        "Destroy the data",
        "The primary's data directory is deleted and its process killed. A standby takes over and is copied for a new node.",
    ),
}


@dataclass(frozen=True)
class Fault:
    """A card."""

    value: str
    title: str
    note: str
    checked: bool


def faults_of(store: DataStore, chosen: str) -> list[Fault]:
    """Return the failures that a drill can make, ``chosen`` (or the mildest) being marked."""
    chosen = chosen or Kind.DRILL_KILL
    return [
        Fault(kind.value, title, f"{what} {noticed(store, kind)}", kind.value == chosen)
        for kind, (title, what) in WORDS.items()
    ]


def noticed(store: DataStore, kind: Failover.Kind) -> str:
    """Say how long clients waited in earlier drills: this store's, else those of its type here, else what is promised."""
    rows = Failover.objects.filter(kind=kind, outage_ms__isnull=False).order_by("-began_at")
    for whose, found in (
        ("of this data store", rows.filter(store=store)),
        ("of such data stores here", rows.filter(store__engine=store.engine)),
    ):
        outages = [outage for outage in found.values_list("outage_ms", flat=True)[:SAMPLE] if outage is not None]
        if outages:
            waited = f"Clients waited {milliseconds(statistics.median(outages))} in the"
            runs = f"median of {len(outages)} earlier drills" if outages[1:] else "one earlier drill"
            return f"{waited} {runs} {whose}."
    promise = promise_of(store, kind)
    promised = f" The plan promises a median of {milliseconds(promise.median_ms)}." if promise else ""
    return f"What clients notice was not measured yet.{promised}"

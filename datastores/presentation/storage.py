"""A data store's disk use as a meter, a notice and a word in lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.templatetags.ui import size as in_words
from datastores.engines.registry import ENGINES
from datastores.models import DataStore
from datastores.presentation.states import Badge
from datastores.storage import GIB, READ_ONLY_PERCENT, WARNINGS, WRITABLE_PERCENT, level, percent

FIRST, SECOND, _ = WARNINGS
LESS = "Delete what is no longer needed"


@dataclass(frozen=True)
class Notice:
    """What a person should know and do."""

    tone: str  # warning or danger
    title: str
    text: str


@dataclass(frozen=True)
class DiskView:
    """Use against the plan's size; ``text`` alone while nothing was measured yet."""

    percent: float  # 0 to 100, for the meter
    text: str
    tone: str  # "", attention or failed
    measured_at: datetime | None
    counted: str  # what of the engine's files is in the figure, to be put behind "Measured just now"
    notice: Notice | None


def disk_of(store: DataStore) -> DiskView:
    """Return what the Overview shows."""
    size = store.plan.storage_gib * GIB
    if store.disk_used_bytes is None:
        return DiskView(0, f"not measured yet, of {in_words(size)}", "", None, _counted(store), _notice(store, 0))
    reached = level(store.disk_used_bytes, size)
    tone = "failed" if store.read_only_since or reached >= SECOND else "attention" if reached else ""
    full = percent(store.disk_used_bytes, size)
    text = f"{in_words(store.disk_used_bytes)} of {in_words(size)} ({full:.0f} %)"
    return DiskView(min(100.0, full), text, tone, store.disk_measured_at, _counted(store), _notice(store, reached))


def disk_badge(store: DataStore) -> Badge | None:
    """Return what a list shows beside the state: nothing while there is room."""
    if store.read_only_since:
        return Badge("failed", "Read-only")
    size = store.plan.storage_gib * GIB
    if store.disk_used_bytes is None or level(store.disk_used_bytes, size) == 0:
        return None
    return Badge("attention", f"Disk {percent(store.disk_used_bytes, size):.0f} %")


def _counted(store: DataStore) -> str:
    engine = ENGINES.get(store.engine)
    if engine and engine.is_cache:
        return " in the files that keep the keys through a restart"
    return ", indexes and logs of changes included"


def _notice(store: DataStore, reached: int) -> Notice | None:
    if store.read_only_since:
        engine = ENGINES.get(store.engine)
        return Notice(
            "danger",
            "Writes are stopped: the disk is nearly full",
            "Nothing is lost, and reading goes on. "
            f"{engine.when_full if engine else f'{LESS}.'} Writes come back by themselves below {WRITABLE_PERCENT} %.",
        )
    if reached >= SECOND:
        return Notice("danger", f"More than {SECOND} % of the storage is in use", _consequence())
    if reached >= FIRST:
        return Notice("warning", f"More than {FIRST} % of the storage is in use", _consequence())
    return None


def _consequence() -> str:
    return f"{LESS}. At {READ_ONLY_PERCENT} % writes are stopped, so that the server stays up and nothing is lost."

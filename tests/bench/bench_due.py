"""What is due among 10,000 data stores: the schedule's own queries on real rows, and how evenly their backups lie over the day.

Every store has an archive, two backups and two proofs, the newest backup of one in a hundred is not proved yet, and the daily
time is the product's own. The database is a throw-away one.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import django

from tests.fixtures.environment import leave_root, prepare

leave_root()
prepare()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from console.models import Organization  # noqa: E402
from datastores.actions import backups  # noqa: E402
from datastores.models import Archive, Backup, DataStore, Proof  # noqa: E402
from datastores.schedule import DAY_SECONDS, daily_second, next_daily  # noqa: E402
from tests.bench.bench_store_list import add, database  # noqa: E402
from tests.bench.report import Row, report  # noqa: E402

STORES = 10_000
RUNS = 20
GOAL = 0.1  # seconds, issue 5
SLOT_SECONDS = 300
AT_ONCE = 2  # as ``open_due`` asks


def fill() -> None:
    """Make the rows."""
    now = timezone.now()
    add(Organization.objects.create(name="Own", handle="own"), STORES, first_port=20_000)
    archives = [Archive(store=store) for store in DataStore.objects.only("pk")]
    Archive.objects.bulk_create(archives, batch_size=1_000)
    for archive in archives:
        archive.daily_at = daily_second(archive.pk)
        archive.next_backup_at = next_daily(now - timedelta(minutes=5), archive.daily_at)
    Archive.objects.bulk_update(archives, ["daily_at", "next_backup_at"], batch_size=1_000)
    for days in (2, 1):
        at = now - timedelta(days=days)
        made = [
            Backup(archive=archive, label=str(days), state=Backup.State.COMPLETE, began_at=at, finished_at=at)
            for archive in archives
        ]
        Backup.objects.bulk_create(made, batch_size=1_000)
        proofs = [
            Proof(archive_id=each.archive_id, backup=each, state=Proof.State.PASSED, began_at=at, finished_at=at)
            for number, each in enumerate(made)
            if days == 2 or number % 100
        ]
        Proof.objects.bulk_create(proofs, batch_size=1_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def seconds(ask: Callable[[], object]) -> list[float]:
    """Return how long each run takes, after one that warms up."""
    ask()
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return taken


def main() -> None:
    """Print the table."""
    with database():
        fill()
        slots = Counter(second // SLOT_SECONDS for second in Archive.objects.values_list("daily_at", flat=True))
        mean = STORES / (DAY_SECONDS // SLOT_SECONDS)
        rows = [
            Row(
                "backups that are due", seconds(lambda: list(backups._ready().due(timezone.now())[:AT_ONCE])), goal=GOAL
            ),
            Row("backups that wait for a proof", seconds(lambda: list(backups._unproved()[:AT_ONCE])), goal=GOAL),
            Row("the fullest five minutes, of the mean", [max(slots.values()) / mean], unit="times", goal=1.5),
        ]
    report("Due: 10,000 data stores", rows)


if __name__ == "__main__":
    main()

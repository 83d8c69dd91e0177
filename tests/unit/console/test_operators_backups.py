"""Operators look at archives, backups and proofs: fast, filtered by date, without a key."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.models import Person
from datastores.models import Archive, Backup, DataStore, Proof
from tests.access.cast import World
from tests.operators import operator_browser

KEY = "not-a-real-passphrase"


@pytest.fixture
def operator(world: World) -> Client:
    """An operator's browser."""
    return operator_browser(Person.objects.create_superuser("operator@cast.test"))


@pytest.fixture
def archive(world: World) -> Archive:
    """An archive with three backups of three days, the first proved."""
    archive = Archive.objects.create(store=world.store, key=KEY, kept_password=KEY)
    for days in range(3):
        add_backup(archive, days)
    backup = archive.backups.earliest("began_at")
    Proof.objects.create(
        archive=archive, backup=backup, state="passed", began_at=timezone.now(), restore_seconds=4.2, tables=7, rows=1200,
        sentence="Every table was read.",
    )  # fmt: skip
    return archive


def add_backup(archive: Archive, days: int) -> None:
    began = timezone.now() - timedelta(days=days)
    Backup.objects.create(
        archive=archive, label=f"label-{days}", state="complete", began_at=began, finished_at=began + timedelta(seconds=9),
        size_bytes=3 * 2**20, stored_bytes=2**20, manifest={"large": ["x"] * 50},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("backup", ("orders", "Acme", "3 MiB", "9.0 s", "Passed", "not yet")),
        ("proof", ("orders", "Acme", "Passed", "4.2 s", "Every table was read.")),
        ("archive", ("orders",)),
    ],
)
def test_lists_show_what_there_is_and_no_key(
    operator: Client, archive: Archive, model: str, words: tuple[str, ...]
) -> None:
    listed = operator.get(reverse(f"admin:datastores_{model}_changelist")).content.decode()
    keys = {"backup": archive.backups.earliest("began_at").pk, "proof": archive.proofs.get().pk, "archive": archive.pk}
    page = operator.get(reverse(f"admin:datastores_{model}_change", args=[keys[model]]))
    assert page.status_code == 200
    for word in words:
        assert word in listed
    assert KEY not in listed + page.content.decode()
    assert (
        operator.post(reverse(f"admin:datastores_{model}_change", args=[keys[model]]), {"state": "x"}).status_code
        == 403
    )
    assert operator.get(reverse(f"admin:datastores_{model}_add")).status_code == 403


def test_a_list_asks_the_same_for_many_rows_as_for_few(operator: Client, archive: Archive) -> None:
    Archive.objects.update(key="unreadable without its key")
    DataStore.objects.update(admin_password="unreadable without its key")

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert operator.get(reverse("admin:datastores_backup_changelist")).status_code == 200
        return len(queries)

    few = asked()
    for days in range(3, 40):
        add_backup(archive, days)
    assert asked() == few


def test_a_list_is_filtered_by_date(operator: Client, archive: Archive) -> None:
    since = (timezone.now() - timedelta(hours=36)).isoformat()
    page = operator.get(reverse("admin:datastores_backup_changelist"), {"began_at__gte": since})
    assert page.context["cl"].result_count == 2

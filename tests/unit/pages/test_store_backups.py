"""The Backups tab: it says what can be restored, what proved it, and what is not backed up."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from console.permissions import Role
from datastores.models import Archive, Backup, DataStore, Operation, Proof, ServicePlan
from datastores.sites.local.archive.archivers import ARCHIVERS
from tests.unit.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)
HOUR = timedelta(hours=1)


@pytest.fixture
def browser(sign_in: SignIn) -> Client:
    return sign_in(Role.ADMIN)


@pytest.fixture
def archive(store: DataStore) -> Archive:
    """An archive with a proved backup of yesterday and a log up to a minute ago; the plan keeps two days."""
    store.plan = ServicePlan.objects.get(slug="startup-4")
    store.state, store.state_since = DataStore.State.RUNNING, NOW - 48 * HOUR
    store.save()
    archive = Archive.of(store)
    archive.archived_until, archive.created_at = NOW - timedelta(minutes=1), NOW - 48 * HOUR
    archive.save()
    backup = archive.backups.create(
        label="20261125-033000F",
        state=Backup.State.COMPLETE,
        began_at=NOW - 25 * HOUR,
        finished_at=NOW - 24 * HOUR,
        size_bytes=2 * 1024**3,
        stored_bytes=100 * 1024**2,
    )
    archive.proofs.create(
        backup=backup,
        state=Proof.State.PASSED,
        began_at=NOW - 23 * HOUR,
        finished_at=NOW - 23 * HOUR,
        sentence="Proved restorable to 2026-11-25 04:30:00 UTC; restore took 38 s; 214 tables, 1,284,002 rows checked.",
    )
    return archive


def words(client: Client, store: DataStore) -> str:
    page = client.get(f"/databases/{store.pk}/backups/")
    assert page.status_code == 200
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.content.decode())))


def restore(client: Client, store: DataStore, **sent: str) -> tuple[int, str]:
    page = client.post(f"/databases/{store.pk}/backups/restore/", {"name": "orders again"} | sent)
    return page.status_code, unescape(page.content.decode())


def test_the_window_its_proof_and_the_history_are_shown(browser: Client, archive: Archive) -> None:
    shown = words(browser, archive.store)
    assert f"{NOW - 24 * HOUR:%H:%M:%S} UTC" in shown
    assert f"{NOW - timedelta(minutes=1):%H:%M:%S} UTC" in shown
    assert "214 tables, 1,284,002 rows checked" in shown
    assert "2 GiB" in shown
    assert "582.5 KiB/s" in shown


def test_hobbyist_shows_no_history_and_offers_no_restore(browser: Client, archive: Archive) -> None:
    archive.store.plan = ServicePlan.objects.get(slug="hobbyist")
    archive.store.save()
    shown = words(browser, archive.store)
    assert "20261125-033000F" not in shown
    assert "only the platform restores from it" in shown
    status, page = restore(browser, archive.store, what="latest")
    assert status == 422
    assert "single backup for disaster recovery" in page
    assert DataStore.objects.count() == 1


def test_an_engine_that_is_not_archived_says_so_plainly(
    browser: Client, store: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ARCHIVERS, store.engine)
    assert "is not backed up yet" in words(browser, store)


def test_silence_stands_on_top(browser: Client, archive: Archive) -> None:
    Archive.objects.update(archived_until=NOW - HOUR, problem="The disk of the archive is full.")
    shown = words(browser, archive.store)
    assert re.search(r"Nothing of the last 6\d minutes is archived. The disk of the archive is full.", shown)


@pytest.mark.parametrize("hours", [25, -1])
def test_a_moment_outside_the_window_comes_back_beside_the_field(browser: Client, archive: Archive, hours: int) -> None:
    moment = f"{NOW - hours * HOUR:%Y-%m-%dT%H:%M:%S}"
    status, page = restore(browser, archive.store, what="moment", moment=moment)
    assert status == 422
    assert "That moment can't be restored." in page
    assert moment in page, "what was entered is not lost"
    assert DataStore.objects.count() == 1


def test_a_moment_of_the_window_makes_a_new_store(browser: Client, archive: Archive) -> None:
    moment = NOW - 12 * HOUR
    status, _ = restore(browser, archive.store, what="moment", moment=f"{moment:%Y-%m-%dT%H:%M:%S}")
    assert status == 302
    made = DataStore.objects.get(name="orders again")
    operation = made.operations.get()
    assert operation.kind == "restore"
    assert operation.memo == {"archive": archive.pk, "label": "20261125-033000F", "moment": moment.isoformat()}
    assert made.admin_password != archive.store.admin_password
    assert restore(browser, archive.store, what="latest")[0] == 422, "the name is taken"


def test_back_up_now_runs_once_and_stands_in_nobodys_way(browser: Client, archive: Archive) -> None:
    address = f"/databases/{archive.store.pk}/backups/now/"
    assert browser.post(address).status_code == 302
    assert browser.post(address).status_code == 409
    assert "Wait until the running backup or proof is finished." in words(browser, archive.store)
    assert archive.store.running_operation() is None
    assert browser.post(f"/databases/{archive.store.pk}/power-off/").status_code == 302
    assert Operation.objects.active().count() == 2


def test_the_daily_time_can_be_moved(browser: Client, archive: Archive) -> None:
    address = f"/databases/{archive.store.pk}/backups/time/"
    assert browser.post(address, {"time": "25:00"}).status_code == 422
    assert browser.post(address, {"time": "03:30"}).status_code == 302
    changed = Archive.of(archive.store)
    assert (changed.daily_at, f"{changed.next_backup_at:%H:%M:%S}") == (12600, "03:30:00")

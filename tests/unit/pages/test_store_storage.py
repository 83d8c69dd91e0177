"""Disk use on the pages: the meter always, a notice when it fills, a word in the lists."""

from __future__ import annotations

import pytest
from django.utils import timezone

from console.permissions import Role
from datastores.models import DataStore, Site
from datastores.storage import GIB
from tests.unit.pages.conftest import SignIn

SIZE = 8 * GIB  # of the Hobbyist plan


def page(sign_in: SignIn, store: DataStore, **changes: object) -> str:
    """Return the Overview after the rows were changed."""
    DataStore.objects.filter(pk=store.pk).update(**changes)
    return sign_in(Role.VIEWER).get(f"/databases/{store.pk}/").content.decode()


def test_before_the_first_measurement_the_meter_says_so(sign_in: SignIn, running: DataStore) -> None:
    body = page(sign_in, running)
    assert 'role="meter"' in body
    assert "not measured yet, of 8 GiB" in body


def test_the_meter_shows_use_and_size(sign_in: SignIn, running: DataStore) -> None:
    body = page(sign_in, running, disk_used_bytes=2 * GIB, disk_measured_at=timezone.now())
    assert "2 GiB of 8 GiB (25 %)" in body
    assert 'aria-valuenow="25"' in body
    assert "of the storage is in use" not in body


@pytest.mark.parametrize(("engine", "counted"), [("postgresql", "indexes and logs"), ("cache", "keep the keys")])
def test_the_meter_says_which_files_are_counted(sign_in: SignIn, running: DataStore, engine: str, counted: str) -> None:
    assert counted in page(sign_in, running, engine=engine, disk_used_bytes=GIB, disk_measured_at=timezone.now())


@pytest.mark.parametrize(("percent", "tone"), [(80, "tone-warn"), (90, "tone-bad")])
def test_a_disk_that_fills_gives_a_notice_with_what_to_do(
    sign_in: SignIn, running: DataStore, percent: int, tone: str
) -> None:
    body = page(sign_in, running, disk_used_bytes=SIZE * percent // 100 + 1, disk_measured_at=timezone.now())
    assert f"More than {percent} % of the storage is in use" in body
    assert "At 97 % writes are stopped" in body
    assert f'class="meter {tone}"' in body


def test_stopped_writes_come_with_the_remedy_of_the_engine(sign_in: SignIn, running: DataStore) -> None:
    now = timezone.now()
    body = page(sign_in, running, disk_used_bytes=SIZE, disk_measured_at=now, read_only_since=now)
    assert "Writes are stopped: the disk is nearly full" in body
    assert "SET default_transaction_read_only = off" in body
    assert "below 90 %" in body


def test_more_than_everything_still_draws_a_full_meter(sign_in: SignIn, running: DataStore) -> None:
    body = page(sign_in, running, disk_used_bytes=SIZE * 11 // 10, disk_measured_at=timezone.now())
    assert 'aria-valuenow="100"' in body
    assert "(110 %)" in body


@pytest.mark.parametrize(
    ("used", "stopped", "word"),
    [(SIZE // 2, False, ""), (SIZE * 85 // 100, False, "Disk 85 %"), (SIZE, True, "Read-only")],
)
def test_lists_show_a_word_beside_the_state(
    sign_in: SignIn, running: DataStore, used: int, stopped: bool, word: str
) -> None:
    now = timezone.now()
    DataStore.objects.filter(pk=running.pk).update(
        disk_used_bytes=used, disk_measured_at=now, read_only_since=now if stopped else None
    )
    browser = sign_in(Role.VIEWER)
    for address in ("/databases/", "/"):
        body = browser.get(address).content.decode()
        assert (word in body) if word else ("Disk" not in body and "Read-only" not in body)


def test_the_plan_names_the_sizing(sign_in: SignIn, running: DataStore) -> None:
    assert "Development sizing: small buffers, exact limits" in page(sign_in, running)


def test_full_sizing_is_named_as_well(sign_in: SignIn, running: DataStore) -> None:
    Site.objects.update(sizing=Site.Sizing.FULL)
    assert "Full: memory and storage are reserved" in page(sign_in, running)

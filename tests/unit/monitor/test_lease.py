"""One process watches; a second takes over when the first is gone, and not before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from datastores.models import DataStore, MonitorLease
from datastores.sites.local.monitor.lease import Lease

pytestmark = pytest.mark.django_db


def test_the_second_waits_for_the_first() -> None:
    first, second = Lease("local"), Lease("local")
    assert first.hold()
    assert first.hold()
    assert not second.hold()
    first.release()
    assert second.hold()
    assert not first.hold()


def test_to_go_on_watching_is_one_statement(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    lease = Lease("local")
    assert lease.hold()
    MonitorLease.objects.update(until=timezone.now() - timedelta(seconds=1))
    with django_assert_num_queries(1):
        assert lease.hold()
    assert MonitorLease.objects.get().until > timezone.now()


def test_a_lease_that_ran_out_is_taken() -> None:
    first, second = Lease("local"), Lease("local")
    assert first.hold()
    MonitorLease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert second.hold()


def test_nobody_waits_for_a_process_of_this_machine_that_is_gone() -> None:
    first, second = Lease("local"), Lease("local")
    assert first.hold()
    held = MonitorLease.objects.get()
    host = held.process.rpartition(" ")[0]
    MonitorLease.objects.update(process=f"{host} 4194399")  # above the highest process id
    assert second.hold()


def test_a_store_knows_whether_anybody_watches(store: DataStore) -> None:
    assert not MonitorLease.objects.alive(store).exists()
    assert Lease("local").hold()
    assert MonitorLease.objects.alive(store).exists()

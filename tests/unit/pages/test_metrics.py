"""Prometheus reads what it needs with a token, and the number of queries does not grow with the number of data stores."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.models import Person
from console.permissions import Role
from datastores.models import Archive, Backup, DataStore, Failover, Operation, ServicePlan
from datastores.presentation.metrics import exposition
from tests.unit.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
TOKEN = {"Authorization": "Bearer a-token"}


@pytest.fixture(autouse=True)
def token(settings: LazySettings) -> None:
    settings.METRICS_TOKEN = "a-token"


def samples() -> dict[str, float]:
    """Return every sample by its name and the labels beside those of the store."""
    found = {}
    for line in exposition().decode().splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            found[name] = float(value)
    return found


def test_a_data_store_s_figures(store: DataStore) -> None:
    now = timezone.now()
    store.plan = ServicePlan.objects.get(slug="business-4")
    store.state, store.disk_used_bytes, store.guarantee_suspended_since = DataStore.State.RUNNING, 5_000, now
    store.save()
    archive = Archive.of(store)
    archive.archived_until, archive.alarms = now - timedelta(seconds=30), ["log"]
    archive.save()
    hour = now - timedelta(hours=1)
    archive.backups.create(label="a", state=Backup.State.COMPLETE, began_at=hour, finished_at=hour)
    archive.backups.create(label="", state=Backup.State.FAILED, began_at=now, finished_at=now)
    Failover.objects.create(store=store, kind="failover", finished_at=now, succeeded=True)
    Operation.objects.create(
        store=store, kind="power_off", step="stop", due_at=now - timedelta(seconds=9), deadline=now + timedelta(hours=1)
    )
    labels = f'{{engine="postgresql",name="{store.name}",organization="acme",store="{store.pk}"'
    shown = samples()

    def of(name: str, more: str = "") -> float:
        ordered = sorted([*labels[1:].split(","), *([more] if more else [])])
        return shown[f"headwater_{name}{{{','.join(ordered)}}}"]

    assert of("store_up") == 1
    assert of("store_state", 'state="running"') == 1
    assert of("store_guarantee_suspended") == 1
    assert of("store_disk_used_bytes") == 5_000
    assert of("store_disk_size_bytes") == store.plan.storage_gib * 1024**3
    assert 3600 <= of("store_last_backup_age_seconds") < 3630
    assert 30 <= of("store_archived_until_age_seconds") < 60
    assert of("store_archive_alarm", 'alarm="log"') == 1
    assert of("store_archive_alarm", 'alarm="backup"') == 0
    assert shown['headwater_operations{kind="power_off",state="waiting"}'] == 1
    assert shown["headwater_operations_due"] == 1
    assert 9 <= shown["headwater_operations_due_seconds"] < 30
    assert shown["headwater_monitor_up"] == 0
    assert 0 < shown["headwater_archive_disk_free_ratio"] < 1
    store.set_state(DataStore.State.UNREACHABLE)
    assert f"headwater_store_up{labels}}} 0.0" in exposition().decode()


def test_more_data_stores_ask_no_more(store: DataStore) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            exposition()
        return len(asked)

    Archive.of(store)
    one = queries()
    for number in range(12):
        more = DataStore.objects.create(
            organization=store.organization, name=f"n{number}", engine="postgresql", region=store.region, plan=store.plan,
            state=DataStore.State.RUNNING, admin_user="hwadmin", admin_password="x",
        )  # fmt: skip
        Archive.of(more)
    assert queries() == one <= 7


def test_it_takes_a_token_or_an_operator(client: Client, sign_in: SignIn, settings: LazySettings) -> None:
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 401
    assert client.get("/metrics", headers=TOKEN).status_code == 200
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    assert sign_in(Role.ADMIN).get("/metrics").status_code == 401
    operator = Person.objects.create_superuser("operator@acme.test", "correct horse battery")
    client.force_login(operator)
    assert client.get("/metrics").status_code == 401, "without the second factor"
    settings.OPERATORS_NEED_SECOND_FACTOR = False
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")

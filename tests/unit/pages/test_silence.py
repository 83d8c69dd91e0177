"""Silence of an archive: each kind stands on the page, is told once, and is a figure for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from console import encryption
from console.models import Notice
from console.permissions import Role
from datastores.alarms import TITLES
from datastores.models import Archive, Backup, DataStore, Node
from datastores.sites.local.archive import watching
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.contract import Look
from tests.unit.pages.conftest import SignIn
from tests.unit.pages.test_store_backups import NOW, archive, words

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
_ = archive  # the fixture


def no_log(archive: Archive) -> None:
    archive.archived_until = timezone.now() - timedelta(minutes=11)
    archive.save()


def no_backup(archive: Archive) -> None:
    archive.backups.update(began_at=NOW - 28 * HOUR, finished_at=NOW - 27 * HOUR)


def no_proof(archive: Archive) -> None:
    archive.proofs.update(finished_at=NOW - 49 * HOUR)


def damaged(archive: Archive) -> None:
    archive.backups.create(label="b", state=Backup.State.DAMAGED, began_at=NOW - HOUR, finished_at=NOW - HOUR)


def gap(archive: Archive) -> None:
    watching.save(archive, Look({}, missing="A part of the log never reached the archive."), NOW)


SILENCES: dict[str, tuple[Callable[[Archive], None], str]] = {
    "log": (no_log, "Nothing of the last 11 minutes is archived"),
    "backup": (no_backup, "No backup was completed in the last 26 hours"),
    "proof": (no_proof, "No backup was proved in the last 48 hours"),
    "gap": (gap, "A part of the log never reached the archive (noticed at"),
    "damaged": (damaged, "The newest backup could not be restored"),
}


@pytest.fixture
def well(archive: Archive) -> Archive:
    """An archive in order, of a server that has run for days."""
    DataStore.objects.filter(pk=archive.store_id).update(state_since=NOW - 200 * HOUR)
    Archive.objects.update(created_at=NOW - 200 * HOUR)
    found = Archive.objects.get()
    watching.tell(found)
    assert found.alarms == []
    return found


def figure(client: Client, settings: LazySettings, alarm: str) -> str:
    settings.METRICS_TOKEN = "a-token"
    page = client.get("/metrics", headers={"Authorization": "Bearer a-token"}).content.decode()
    (line,) = [line for line in page.splitlines() if f'alarm="{alarm}"' in line]
    return line.rsplit(" ", 1)[1]


def holds(alarm: str, sentence: str, archive: Archive, client: Client, settings: LazySettings) -> None:
    """See it on the page, told once, and as a figure."""
    watching.tell(archive)
    watching.tell(archive)
    assert archive.alarms == [alarm]
    assert Notice.objects.filter(subject=f"{archive.store.name}: {TITLES[alarm]}", tone="danger").count() == 1
    assert figure(client, settings, alarm) == "1.0"
    assert sentence in words(client, archive.store)


@pytest.mark.parametrize("alarm", SILENCES)
def test_a_silence_is_shown_told_and_counted(
    alarm: str, well: Archive, sign_in: SignIn, settings: LazySettings
) -> None:
    client = sign_in(Role.ADMIN)
    assert figure(client, settings, alarm) == "0.0"
    harm, sentence = SILENCES[alarm]
    harm(well)
    holds(alarm, sentence, Archive.objects.get(), client, settings)


def test_a_disk_that_is_nearly_full(
    well: Archive, sign_in: SignIn, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "free_share", lambda: 0.05)
    holds("space", "The archive's disk is nearly full", well, sign_in(Role.ADMIN), settings)
    well.in_bucket = True
    watching.tell(well)
    assert well.alarms == [], "nobody can ask a bucket how full it is"


def test_a_key_that_can_t_be_read(
    well: Archive, sign_in: SignIn, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, archiver = sign_in(Role.ADMIN), archiver_of(well.store)
    assert archiver
    monkeypatch.setattr(type(archiver), "look", lambda *_: Look({}))
    well.store.nodes.all().delete()
    Node.objects.create(store=well.store, number=1, role=Node.Role.PRIMARY, port=1)
    decrypt = encryption.decrypt

    def refuse(value: str, column: str) -> str:
        if column == "datastores_archive.key":
            raise encryption.EncryptionError("another key file")
        return decrypt(value, column)

    monkeypatch.setattr(encryption, "decrypt", refuse)
    found = watching.look_at(well.store, archiver)
    assert found
    holds("key", "without it nothing in the archive can be restored", found, client, settings)
    monkeypatch.setattr(encryption, "decrypt", decrypt)
    found = watching.look_at(well.store, archiver)
    assert found
    watching.tell(found)
    assert found.alarms == []
    assert timezone.now() > NOW

"""Telling the people of a data store what its archive needs."""

from __future__ import annotations

from django.urls import reverse

from console.audit import PLATFORM, record
from console.notices import Kind, notify
from datastores.models import DataStore


def proof_failed(store: DataStore, sentence: str) -> None:
    """Write into the trail that a restore was tried and did not succeed; the runner tells of failures."""
    _record(store, "store.proof_failed", sentence)


def alarm(store: DataStore, title: str, sentence: str) -> None:
    """Tell that something which should have happened did not."""
    _record(store, "store.backup_alarm", sentence)
    notify(store.organization, Kind.BACKUP, f"{store.name}: {title}", sentence, tone="danger", path=_page(store))


def well_again(store: DataStore, title: str) -> None:
    """Tell that an alarm is over."""
    _record(store, "store.backup_well", title)
    subject = f"{store.name}: no longer: {title}"
    notify(store.organization, Kind.BACKUP, subject, "Nothing needs to be done.", tone="success", path=_page(store))


def _record(store: DataStore, action: str, what: str) -> None:
    record(action, actor=PLATFORM, organization=store.organization, subject=store, what=what)


def _page(store: DataStore) -> str:
    return reverse("store-backups", args=[store.pk])

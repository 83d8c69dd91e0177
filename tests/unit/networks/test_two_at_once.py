"""Two people save a list at the same moment: one does, the other is told."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from console.audit import Actor
from datastores.actions import ListChanged, allow_list, set_allow_list
from datastores.models import DataStore
from datastores.networks import Entry, fingerprint
from datastores.sites.contract import AccessChange
from datastores.sites.local.site import LocalSite
from host.waiting import wait_until

OFFICE, PARTNER = Entry("198.51.100.0/24", "Office"), Entry("203.0.113.9/32", "Partner")


def somebody_waits() -> bool:
    """Whether a session of the database waits for an advisory lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_second_waits_for_the_first_and_then_sees_its_list(
    store: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = fingerprint(allow_list(store))
    outcomes: list[object] = []

    def save(entry: Entry) -> Callable[[], None]:
        def run() -> None:
            try:
                outcomes.append(set_allow_list(actor=Actor(), store=store, wanted=[entry], seen=seen))
            finally:
                connection.close()

        return run

    second = threading.Thread(target=save(PARTNER))

    def apply(*_: object) -> AccessChange:
        second.start()
        assert wait_until(somebody_waits, 5)
        return AccessChange(live=True)

    monkeypatch.setattr(LocalSite, "apply_allow_list", apply)
    first = threading.Thread(target=save(OFFICE))
    first.start()
    first.join(10)
    second.join(10)
    assert outcomes == [AccessChange(live=True), ListChanged()]
    assert allow_list(store) == [OFFICE]

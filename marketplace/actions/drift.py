"""Noticing logins that were changed or dropped outside the console: every kept login is tried on a schedule."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from datastores.actions.trying import check_login
from datastores.models import Credential, DataStore, KeptLogin
from marketplace.models import Binding

Row = Credential | Binding
EVERY: Final = timedelta(minutes=10)
AT_A_TIME: Final = 50  # logins per run, those that were not tried for longest first
_trying = threading.Lock()
STATES: Final = ("state", "state_sentence", "checked_at")


def check_due_logins() -> int:
    """Try the logins of running data stores that were not tried for ten minutes; returns how many were tried.

    A login that several rows keep is tried once, and all of them learn what came of it. A data store that does not
    answer is left alone for this time: each try would wait for seconds. Returns at once while another call tries.
    """
    if not _trying.acquire(blocking=False):
        return 0
    try:
        return _check(_due())
    finally:
        _trying.release()


def _check(due: list[Row]) -> int:
    tried: set[tuple[object, str, str]] = set()
    silent: set[object] = set()
    for row in due:
        key = (row.store_id, row.database, row.username)
        if key in tried or row.store_id in silent or len(tried) == AT_A_TIME:
            continue
        tried.add(key)
        check_everywhere(row)
        if row.state == KeptLogin.State.UNREACHABLE:
            silent.add(row.store_id)
    return len(tried)


def check_everywhere(row: Row) -> None:
    """Try a kept login and tell every row that keeps the same one, with the same password."""
    check_login(row)
    facts = {name: getattr(row, name) for name in STATES}
    for model in (Credential, Binding):
        for other in same_login(model, row):
            if other.pk != row.pk and other.secret == row.secret:
                model.objects.filter(pk=other.pk).update(**facts)


def same_login(model: type[Credential | Binding], row: KeptLogin) -> list[Row]:
    """Return the rows of a model that keep the login of ``row`` for the same database."""
    found = model.objects.filter(store_id=row.store_id, database=row.database, username=row.username)
    return list(found.select_related("store"))


def _due() -> list[Row]:
    old = Q(checked_at=None) | Q(checked_at__lt=timezone.now() - EVERY)
    rows: list[Row] = []
    for model in (Credential, Binding):
        due = model.objects.filter(old, store__state=DataStore.State.RUNNING)
        rows += due.select_related("store__region__site").order_by("checked_at")[:AT_A_TIME]
    return sorted(rows, key=lambda row: (row.checked_at is not None, row.checked_at))

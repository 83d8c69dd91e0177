"""Measuring a directory, and which stores are due."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from datastores.models import DataStore
from datastores.operations.opening import open_operation
from datastores.sites.local import storage, usage
from datastores.sites.local.engine import Place
from datastores.sites.local.places import place_of
from datastores.storage import GIB

SIZE = 8 * GIB  # of the Hobbyist plan


def test_a_directory_is_measured_as_the_disk_holds_it(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    empty = usage.used_bytes(tmp_path)
    (tmp_path / "deep" / "er" / "file").write_bytes(b"x" * 1_000_000)
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(50_000_000)
    (tmp_path / "link").symlink_to("/usr")
    assert 1_000_000 <= usage.used_bytes(tmp_path) - empty < 1_100_000


def test_a_directory_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert usage.used_bytes(tmp_path / "gone") == 0


@pytest.mark.parametrize(
    ("used", "seconds_ago", "due"),
    [
        (None, None, True),
        (SIZE // 2, 20, False),
        (SIZE // 2, 31, True),
        (SIZE * 85 // 100, 8, False),
        (SIZE * 85 // 100, 11, True),
    ],
)
def test_a_disk_that_fills_is_looked_at_more_often(
    store: DataStore, monkeypatch: pytest.MonkeyPatch, used: int | None, seconds_ago: int | None, due: bool
) -> None:
    looked_at = look(monkeypatch)
    measured = timezone.now() - timedelta(seconds=seconds_ago) if seconds_ago else None
    DataStore.objects.update(state=DataStore.State.RUNNING, disk_used_bytes=used, disk_measured_at=measured)
    storage.measure_disks()
    assert looked_at == ([(store.pk, SIZE)] if due else [])


def test_a_store_that_is_off_or_worked_on_is_left_alone(store: DataStore, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = look(monkeypatch)
    DataStore.objects.update(state=DataStore.State.POWERED_OFF)
    storage.measure_disks()
    DataStore.objects.update(state=DataStore.State.RUNNING)
    open_operation("power_off", store=store, requested_by="test")
    storage.measure_disks()
    assert looked_at == []


def test_one_broken_store_leaves_no_other_unwatched(store: DataStore, monkeypatch: pytest.MonkeyPatch) -> None:
    DataStore.objects.update(state=DataStore.State.RUNNING)
    fields = {name: getattr(store, name) for name in ("organization", "engine", "region", "plan", "admin_password")}
    DataStore.objects.create(name="second", state=DataStore.State.RUNNING, **fields)
    asked: list[str] = []

    def fail(store: DataStore, *, size: int) -> bool:
        asked.append(store.name)
        raise PermissionError

    monkeypatch.setattr(storage, "watch_disk", fail)
    storage.measure_disks()
    assert sorted(asked) == ["orders", "second"]


def test_what_the_engine_keeps_for_itself_goes_before_the_tenant_is_warned(
    store: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = store.nodes.get()
    node.port = 23999
    node.save()
    place = place_of(node, settings.HOME)
    place.data.mkdir(parents=True)
    (place.data / "old.log").write_bytes(b"x" * 1_000_000)

    class Engine:
        def make_room(self, place: Place) -> None:
            (place.data / "old.log").unlink()

        def set_read_only(self, place: Place, *, read_only: bool) -> bool:
            return not read_only

    monkeypatch.setattr(storage, "local_engine", lambda store: Engine())
    try:
        assert storage.watch_disk(store, size=1_000_000)
    finally:
        shutil.rmtree(place.directory)
    store.refresh_from_db()
    assert (store.disk_used_bytes or 0) < 100_000
    assert (store.disk_warned_percent, store.read_only_since) == (0, None)


def look(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, int]]:
    """Note which stores are looked at, and against which size, instead of doing so."""
    looked_at: list[tuple[object, int]] = []

    def note(store: DataStore, *, size: int) -> bool:
        looked_at.append((store.pk, size))
        return True

    monkeypatch.setattr(storage, "watch_disk", note)
    return looked_at

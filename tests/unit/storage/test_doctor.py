"""The doctor takes no store for an orphan that is made while it looks, and repairs by the rows of the moment."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from datastores.models import DataStore, Node
from datastores.operations.opening import open_operation
from datastores.sites.local import doctor


def test_a_node_that_is_made_meanwhile_is_no_orphan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nodes", "run"):
        (tmp_path / name).mkdir()
    services: list[str] = []
    machine: Any = SimpleNamespace(
        home=SimpleNamespace(nodes=tmp_path / "nodes", run=tmp_path / "run"),
        supervisor=SimpleNamespace(names=lambda: list(services)),
    )

    def read_rows(_machine: object) -> dict[str, object]:
        """Read no row; right after it a worker saves one, and makes what it names."""
        for name in ("nodes", "run"):
            (tmp_path / name / "node-0123456789ab").mkdir(exist_ok=True)
        services[:] = ["node-0123456789ab"]
        return {}

    monkeypatch.setattr(doctor, "_known_places", read_rows)
    assert list(doctor._orphaned_services(machine)) == []
    for name in ("nodes", "run"):
        (tmp_path / name / "node-0123456789ab").rmdir()
    assert list(doctor._orphaned_directories(machine)) == []
    assert [finding.sentence for finding in doctor._orphaned_services(machine)] == [
        "The service node-0123456789ab belongs to no data store."
    ]


@pytest.fixture
def silent(store: DataStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine on which the store should run and does not; notes which nodes are started."""
    DataStore.objects.update(state=DataStore.State.RUNNING)
    Node.objects.update(port=40_000)
    place = SimpleNamespace(name="node", data=tmp_path)
    monkeypatch.setattr(doctor, "place_of", lambda *_: place)
    started: list[str] = []
    monkeypatch.setattr(doctor, "restart_node", lambda _machine, node: started.append(node.store.get_state_display()))
    down = SimpleNamespace(state=None, wanted=None)
    supervisor = SimpleNamespace(status=lambda _: down, stop=lambda _: started.append("stopped"))
    return SimpleNamespace(home=tmp_path, supervisor=supervisor, started=started)


def test_a_server_that_should_run_is_started(silent: Any) -> None:
    (finding,) = doctor._nodes(silent)
    finding.repair()
    assert silent.started == ["Running"]


@pytest.mark.parametrize("meanwhile", ["powered off", "deleted", "worked on"])
def test_what_people_did_meanwhile_is_not_undone(silent: Any, store: DataStore, meanwhile: str) -> None:
    (finding,) = doctor._nodes(silent)
    if meanwhile == "worked on":
        open_operation("power_off", store=store, requested_by="test")
    else:
        store.set_state(DataStore.State.POWERED_OFF if meanwhile == "powered off" else DataStore.State.DELETED)
    finding.repair()
    assert silent.started == []


def test_a_store_that_was_finished_meanwhile_is_not_called_failed(store: DataStore) -> None:
    store.operations.update(state="failed", finished_at=store.created_at)
    DataStore.objects.update(state=DataStore.State.POWERING_ON)
    (first,), (second,) = list(doctor._abandoned_operations()), list(doctor._abandoned_operations())
    store.set_state(DataStore.State.RUNNING)
    first.repair()
    store.refresh_from_db()
    assert store.state == DataStore.State.RUNNING
    store.set_state(DataStore.State.POWERING_ON)
    second.repair()
    store.refresh_from_db()
    assert store.state == DataStore.State.FAILED

"""The doctor takes no store for an orphan that is made while it looks."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

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

"""Bringing data stores back: one whose engine is missing keeps no other down."""

from __future__ import annotations

import pytest

from datastores.models import DataStore, Node
from datastores.sites.local import revival
from host.trees import TreeError

pytestmark = pytest.mark.django_db


def test_a_store_whose_engine_is_not_installed_is_told_of(store: DataStore, monkeypatch: pytest.MonkeyPatch) -> None:
    Node.objects.filter(store=store).update(port=40_000)

    def start(_parts: object, _node: Node) -> bool:
        raise TreeError("The engine tree postgresql is not installed.", "Install it.")

    monkeypatch.setattr(revival, "start_edge", lambda _parts: None)
    monkeypatch.setattr(revival, "_start", start)
    assert revival.revive() == ["orders could not be started: The engine tree postgresql is not installed."]

"""What the operators' front page says about the console's own services."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import patch

import pytest
from redis.exceptions import ConnectionError as BrokerGone

from console import shell
from console.services.installation import Installation
from host.supervisor import State


def supervised(**states: State) -> SimpleNamespace:
    """Return an installation whose services stand as told."""
    return SimpleNamespace(
        trees=SimpleNamespace(installed=lambda name: name == "runit"),
        names=lambda: list(states),
        supervisor=SimpleNamespace(status=lambda name: SimpleNamespace(state=states[name])),
    )


def test_a_service_that_is_down_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    standing = supervised(web=State.UP, worker=State.DOWN, beat=State.UNSUPERVISED, broker=State.ABSENT)
    monkeypatch.setattr(Installation, "from_settings", lambda: standing)
    sentences = [matter.sentence for matter in shell.broken_services()]
    assert len(sentences) == 2
    assert "“worker” is not running" in sentences[0]
    assert "“beat” is not running" in sentences[1]


def test_a_silent_broker_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Installation, "from_settings", lambda: supervised(web=State.UP))
    with patch("console.shell.cache.get", side_effect=BrokerGone("socket")):
        assert "The broker does not answer" in next(shell.broken_services()).sentence


def test_nothing_to_tell_while_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Installation, "from_settings", lambda: supervised(web=State.UP, worker=State.UP))
    assert list(shell.broken_services()) == []

"""``/healthz``: whether the console can do its work."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import Client
from redis.exceptions import ConnectionError as BrokerGone

PAGE = "/healthz"


def test_all_is_well(client: Client, db: None) -> None:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"database": "ok", "broker": "ok"}}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("part", "target", "error"),
    [
        ("database", "console.views.health.connection.cursor", OperationalError("password=hunter2")),
        ("broker", "console.views.health.cache.get", BrokerGone("unix socket")),
    ],
)
def test_names_the_part_that_fails_and_no_more(
    client: Client, db: None, part: str, target: str, error: Exception
) -> None:
    with patch(target, side_effect=error):
        answer = client.get(PAGE)
    assert answer.status_code == 503
    assert answer.json()["checks"][part] == "failed"
    assert "hunter2" not in answer.content.decode()


def test_is_read_only(client: Client, db: None) -> None:
    assert client.post(PAGE).status_code == 405

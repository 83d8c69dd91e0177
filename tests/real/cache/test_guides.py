"""The guides of a connection's page, as shown: each reads its variables from the delivered .env and connects."""

from __future__ import annotations

from pathlib import Path

import pytest

from datastores.engines.cache import Cache
from tests.real.cache.conftest import Server
from tests.real.guides import answer_of

pytestmark = pytest.mark.real


@pytest.mark.parametrize("slug", ["python", "node", "go"])
def test_a_guide_runs_as_shown(server: Server, tmp_path: Path, slug: str) -> None:
    answer = answer_of(Cache(), server.access, server.ca, tmp_path, slug)
    assert answer.startswith("hello")

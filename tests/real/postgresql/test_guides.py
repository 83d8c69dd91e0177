"""The guides of a connection's page, as shown: each reads its variables from the delivered .env and connects."""

from __future__ import annotations

from pathlib import Path

import pytest

from datastores.engines.postgresql import PostgreSQL
from tests.fixtures import drivers
from tests.real.guides import answer_of
from tests.real.postgresql.conftest import Server

pytestmark = pytest.mark.real


@pytest.mark.parametrize("slug", ["python", "node", "java", "go"])
def test_a_guide_runs_as_shown(server: Server, tmp_path: Path, slug: str) -> None:
    answer = answer_of(
        PostgreSQL(), server.access, server.ca, tmp_path, slug, drivers.postgresql_jar() if slug == "java" else None
    )
    assert answer.startswith("PostgreSQL 17")

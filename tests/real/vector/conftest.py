"""A running Hobbyist node with pgvector that the tests of a module share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from datastores.sites.local.postgresql_vector import LocalPostgreSQLVector
from tests.real.postgresql.conftest import Server, running


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running(LocalPostgreSQLVector()) as server:
        yield server

"""What every test may use. The database starts with the first test that needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest_plugins = ["tests.installation", "tests.local_site", "tests.rows", "tests.availability", "tests.object_store"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Run a throw-away PostgreSQL out of the engine tree, unless DATABASE_URL names one."""
    from django.conf import settings

    from host.trees import Programs
    from tests.fixtures.database import throw_away_database

    if not settings.OWN_DATABASE:
        yield
        return
    home = settings.HOME
    home.make()
    with throw_away_database(home, Programs(home.engines), home.console / "db.log"):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Let transactional tests empty the tables: here the trail's guard against TRUNCATE is off."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE console_auditevent DISABLE TRIGGER console_auditevent_no_truncate")


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Let no rate limit or cached value of one test reach the next."""
    yield
    from django.core.cache import cache

    cache.clear()

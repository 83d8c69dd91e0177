"""The pytest plugin that comes before Django: `-p tests.plugin` in pyproject.toml loads it first of all."""

from __future__ import annotations

import pytest

from tests.fixtures.environment import leave_root, prepare

leave_root()
prepare()


def pytest_configure(config: pytest.Config) -> None:
    """Give tests a cache of their own process: they need no broker."""
    from django.conf import settings

    settings.CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}

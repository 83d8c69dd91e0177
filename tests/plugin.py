"""The pytest plugin that comes before Django: `-p tests.plugin` in pyproject.toml loads it first of all."""

from __future__ import annotations

import pytest

from tests.fixtures.environment import leave_root, prepare

leave_root()
prepare()


def pytest_configure(config: pytest.Config) -> None:
    """Give tests a cache of their own process, since they need no broker, and passwords that are hashed at once."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Argon2 takes a third of a second
    settings.CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}

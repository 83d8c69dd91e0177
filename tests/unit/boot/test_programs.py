"""What the console's services are started with."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.services.programs import service_environment, services
from host.paths import Home

SECRET = "postgres://console:hunter2@db/headwater"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_settings_reach_the_services_and_the_rest_of_the_environment_does_not(home: Home) -> None:
    given = {
        "HEADWATER_PORT": "8001", "DATABASE_URL": SECRET, "AWS_SECRET": "x", "PYTHONPATH": "/elsewhere",
        "HEADWATER_SERVICE": "/another/service", "HEADWATER_HOME": "relative",
    }  # fmt: skip
    environment = service_environment(given, home)
    assert environment["HEADWATER_PORT"] == "8001"
    assert environment["DATABASE_URL"] == SECRET
    assert environment["HEADWATER_HOME"] == str(home.root)
    assert not {"AWS_SECRET", "PYTHONPATH", "HEADWATER_SERVICE"} & environment.keys()


def test_no_secret_is_an_argument(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", SECRET)
    monkeypatch.setenv("HEADWATER_SECRET_KEY", "swordfish")
    for service in services(home, home.root, "127.0.0.1", 8000):
        line = " ".join(service.command)
        assert "hunter2" not in line
        assert "swordfish" not in line
        assert service.environment["DATABASE_URL"] == SECRET


def test_an_ipv6_address_is_written_as_gunicorn_reads_it(home: Home) -> None:
    web = next(service for service in services(home, home.root, "::1", 8000) if service.name == "web")
    assert "[::1]:8000" in web.command

"""A home in a temporary directory and a supervisor whose services are gone after the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.paths import Home
from host.supervisor import Supervisor, runit_programs
from host.trees import Programs

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def programs() -> Programs:
    return Programs(Path(os.environ.get("HEADWATER_ENGINES", CHECKOUT / "var" / "engines")))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    home.make()
    yield home
    shutil.rmtree(home.run)  # it lies outside where the temporary path is long


@pytest.fixture
def supervisor(home: Home, programs: Programs) -> Iterator[Supervisor]:
    supervisor = Supervisor(home, runit_programs(programs))
    yield supervisor
    for name in supervisor.names():
        supervisor.remove(name, timeout=1)

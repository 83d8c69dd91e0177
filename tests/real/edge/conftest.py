"""A real HAProxy with a few slots, and servers behind it that say who they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datastores.sites.local.edge import Edge, EdgeSettings
from host.paths import Home
from host.trees import Programs

from .proxy import Proxy
from .servers import NamedServer, free_ports

CHECKOUT = Path(__file__).parents[3]
Settings = Callable[..., EdgeSettings]


@pytest.fixture(scope="session")
def haproxy() -> Path:
    """HAProxy of the engine tree, or of HEADWATER_HAPROXY_BIN."""
    engines = Path(os.environ.get("HEADWATER_ENGINES", CHECKOUT / "var" / "engines"))
    return Programs(engines).program("haproxy", "haproxy")


@pytest.fixture
def settings(haproxy: Path, tmp_path: Path) -> Settings:
    """Settings of an edge with few slots; each call may change some."""
    home = Home(tmp_path / "home")
    home.make()

    def make(slots: int = 4, open_files: int = 4096, **others: object) -> EdgeSettings:
        values: dict[str, object] = {"first_port": free_ports(slots), **others}
        return EdgeSettings(home=home, program=haproxy, slots=slots, open_files=open_files, **values)  # type: ignore[arg-type]

    return make


@pytest.fixture
def edge(settings: Settings) -> Edge:
    return Edge(settings())


@pytest.fixture
def proxy(edge: Edge) -> Iterator[Proxy]:
    """The edge's proxy, running, with all slots closed."""
    with Proxy(edge) as running:
        edge.write([])
        running.start()
        edge.sync([])
        yield running


@pytest.fixture
def amber() -> Iterator[NamedServer]:
    with NamedServer("amber") as server:
        yield server


@pytest.fixture
def birch() -> Iterator[NamedServer]:
    with NamedServer("birch") as server:
        yield server


@pytest.fixture
def cedar() -> Iterator[NamedServer]:
    with NamedServer("cedar") as server:
        yield server

"""A node's place follows from its row."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from datastores.models import Node
from datastores.sites.local.places import NODE_PREFIX, place_of
from host.paths import Home


def test_it_follows_from_the_row() -> None:
    node = Node(id=uuid.UUID("0123456789abcdef0123456789abcdef"), port=23_000)
    place = place_of(node, Home(Path("/srv/headwater")))
    assert place.name == f"{NODE_PREFIX}0123456789ab"
    assert place.data == Path("/srv/headwater/nodes/node-0123456789ab/data")
    assert place.sockets == Path("/srv/headwater/run/node-0123456789ab")
    assert place == place_of(node, Home(Path("/srv/headwater")))


LONG = "/home/" + "x" * 60


@pytest.mark.parametrize("root", ["/srv/hw", "/var/lib/headwater", LONG, "/deep" * 40])
def test_the_sockets_path_is_short_enough_for_the_kernel(root: str) -> None:
    place = place_of(Node(port=65_535), Home(Path(root)))
    assert len(str(place.sockets / ".s.PGSQL.65535")) < 100


def test_a_node_without_a_port_has_no_place_yet() -> None:
    with pytest.raises(ValueError, match="no port"):
        place_of(Node(), Home(Path("/srv/hw")))

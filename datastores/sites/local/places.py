"""Where a node lives on this machine: its names and directories follow from its row."""

from __future__ import annotations

from datastores.models import Node
from datastores.sites.local.engine import Place
from host.paths import Home

NODE_PREFIX = "node-"
# 48 bits: the chance that two of 10,000 nodes get the same name is under one in five million.
NAME_DIGITS = 12


def place_of(node: Node, home: Home) -> Place:
    """Return the place of a node; raises ValueError where its port was not reserved yet."""
    if node.port is None:
        raise ValueError(f"node {node.pk} has no port yet")
    name = f"{NODE_PREFIX}{node.pk.hex[:NAME_DIGITS]}"
    return Place(name=name, directory=home.nodes / name, sockets=home.run / name, port=node.port)

"""The edge as a supervised service. It serves the data stores, so it outlives the console like they do."""

from __future__ import annotations

from datastores.sites.local.machine import Machine
from host.supervisor import ServiceSpec

EDGE_SERVICE = "edge"


def edge_service(machine: Machine) -> ServiceSpec:
    """Return how HAProxy is started; its configuration file must have been written (``Edge.sync``)."""
    return ServiceSpec(
        name=EDGE_SERVICE,
        command=machine.edge.command(),
        working_directory=machine.home.edge,
        open_files=machine.edge.settings.open_files,
    )

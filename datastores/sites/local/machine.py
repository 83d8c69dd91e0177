"""This machine's parts, put together from the settings once per process."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from datastores.sites.local.edge import Edge, EdgeSettings
from host.authority import Authority
from host.paths import Home
from host.supervisor import Supervisor, runit_programs
from host.trees import Programs


@dataclass(frozen=True)
class Machine:
    """The directories, programs, supervisor, edge and certificate authority of this installation."""

    home: Home
    programs: Programs
    supervisor: Supervisor
    edge: Edge
    authority: Authority

    @property
    def ca_file(self) -> Path:
        """The certificate that clients verify servers with."""
        return self.authority.certificate_file


@functools.cache
def machine() -> Machine:
    """Return the parts; raises TreeError where runit or HAProxy is not installed."""
    home: Home = settings.HOME
    programs = Programs(home.engines)
    edge = EdgeSettings(
        home=home,
        program=programs.program("haproxy", "haproxy"),
        bind=tuple(settings.EDGE_BIND),
        first_port=settings.EDGE_FIRST_PORT,
        slots=settings.EDGE_SLOTS,
    )
    return Machine(
        home=home,
        programs=programs,
        supervisor=Supervisor(home, runit_programs(programs)),
        edge=Edge(edge),
        authority=Authority(home),
    )

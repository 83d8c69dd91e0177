"""Supervision of services by runit, without its directory scanner."""

from .programs import runit_programs
from .scripts import RunitPrograms
from .spec import ServiceSpec, SupervisionError
from .status import LastExit, ServiceStatus, State, Wanted
from .supervisor import Supervisor

__all__ = [
    "LastExit",
    "RunitPrograms",
    "ServiceSpec",
    "ServiceStatus",
    "State",
    "SupervisionError",
    "Supervisor",
    "Wanted",
    "runit_programs",
]

"""PostgreSQL's programs on this machine, and the server's command inside its sandbox."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.archive import reach
from datastores.sites.local.postgresql.configuration import SETTINGS_FILE
from host.sandbox import Sandbox
from host.trees import Programs

TREE = "postgresql"


def program(name: str) -> Path:
    """Return a program of the PostgreSQL tree; raises TreeError where it is not installed."""
    return Programs(settings.HOME.engines).program(TREE, name)


def confined_server(place: Place, *more: str) -> list[str]:
    """Return the server's command, with ``more`` arguments at its end. Where the machine permits it, the server reaches its own files only."""
    programs = Programs(settings.HOME.engines)
    tree = programs.tree_directory(TREE)
    settings_file = place.configuration / SETTINGS_FILE
    command = [
        str(programs.program(TREE, "postgres")),
        "-D",
        str(place.data),
        "-c",
        f"config_file={settings_file}",
    ]
    return Sandbox.of_this_machine(programs).confine(
        [*command, *more],
        read=[place.configuration, *([tree] if tree else []), *reach.read_by_server(place)],
        write=[place.data, place.sockets, *reach.written_by_server(place)],
    )

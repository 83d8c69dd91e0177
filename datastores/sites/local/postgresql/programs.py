"""PostgreSQL's programs on this machine, and the server's command inside its sandbox."""

from __future__ import annotations

import re
import subprocess
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


def last_checkpoint(place: Place) -> int | None:
    """Return where a cleanly stopped server wrote its last record, in bytes of its log; None where it was not stopped
    cleanly, or can't be asked."""
    asked = subprocess.run(
        [str(program("pg_controldata")), str(place.data)],
        check=False,
        capture_output=True,
        text=True,
        env={"LC_ALL": "C"},
        timeout=10,
    )
    state = re.search(r"^Database cluster state:\s+shut down$", asked.stdout, re.MULTILINE)
    found = re.search(r"^Latest checkpoint location:\s+([0-9A-F]+)/([0-9A-F]+)$", asked.stdout, re.MULTILINE)
    if state is None or found is None:
        return None
    return (int(found[1], 16) << 32) + int(found[2], 16)

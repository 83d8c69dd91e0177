"""Valkey's programs on this machine, and the server's command inside its sandbox."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from datastores.sites.local.cache.configuration import SETTINGS_FILE
from datastores.sites.local.engine import Place
from host.sandbox import Sandbox
from host.trees import Programs

TREE = "valkey"


def program(name: str) -> Path:
    """Return a program of the Valkey tree; raises TreeError where it is not installed."""
    return Programs(settings.HOME.engines).program(TREE, name)


def confined_server(place: Place) -> list[str]:
    """Return the server's command. Where the machine permits it, the server reaches its own files only.

    It can't even write its own configuration and logins: the platform does, from outside.
    """
    programs = Programs(settings.HOME.engines)
    tree = programs.tree_directory(TREE)
    command = [str(programs.program(TREE, "valkey-server")), str(place.configuration / SETTINGS_FILE)]
    return Sandbox.of_this_machine(programs).confine(
        command,
        read=[place.configuration, *([tree] if tree else [])],
        write=[place.data, place.sockets],
    )

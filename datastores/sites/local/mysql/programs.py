"""MySQL's programs on this machine, and the server's command inside its sandbox."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from datastores.sites.local.engine import Place
from host.sandbox import Sandbox
from host.trees import Programs

TREE = "mysql"
SETTINGS_FILE = "my.cnf"


def program(name: str) -> Path:
    """Return a program of the MySQL tree; raises TreeError where it is not installed."""
    return Programs(settings.HOME.engines).program(TREE, name)


def own_directories() -> dict[str, str]:
    """Return the settings that lead a server out of a tree to its own files.

    Empty where a setting names installed programs instead of a tree: those know where theirs lie.
    """
    tree = Programs(settings.HOME.engines).tree_directory(TREE)
    if tree is None:
        return {}
    return {
        "basedir": str(tree / "usr"),
        "lc_messages_dir": str(tree / "usr/share/mysql"),
        "character_sets_dir": str(tree / "usr/share/mysql/charsets"),
        "plugin_dir": str(tree / "usr/lib/mysql/plugin"),
    }


def temporary_directory(place: Place) -> Path:
    """Return where the server writes its temporary files, outside the data directory."""
    return place.directory / "tmp"


def confined_server(place: Place) -> list[str]:
    """Return the server's command. Where the machine permits it, the server reaches its own files only."""
    programs = Programs(settings.HOME.engines)
    tree = programs.tree_directory(TREE)
    command = [
        str(programs.program(TREE, "mysqld")),
        f"--defaults-file={place.configuration / SETTINGS_FILE}",
    ]
    return Sandbox.of_this_machine(programs).confine(
        command,
        read=[place.configuration, *([tree] if tree else [])],
        write=[place.data, place.sockets, temporary_directory(place)],
    )

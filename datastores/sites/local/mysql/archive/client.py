"""The login with which jobs reach a server: MySQL's own client programs over the node's socket.

It reads, copies the files and changes nothing. By SYSTEM_USER tenants can't touch it. Its connections are made up for among
the tenants' as those of standbys are (see ``logins``).
"""

from __future__ import annotations

import shlex
import sys

from django.conf import settings

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.accounts import identified
from datastores.sites.local.mysql.configuration import socket_file
from datastores.sites.local.mysql.logins import Administration
from datastores.sites.local.mysql.names import ARCHIVER, archiver_password
from datastores.sites.local.mysql.programs import program
from host.files import write_private
from host.jobs import Command

OPTION_FILE = "mysql-archiver.cnf"
ACCOUNT = f"'{ARCHIVER}'@'localhost'"


def make_archiver(session: Administration) -> None:
    """Make the account where it is missing, or is somebody else's."""
    ours = session.execute(
        f"SELECT 1 FROM mysql.global_grants WHERE user = '{ARCHIVER}' AND host = 'localhost' AND priv = 'SYSTEM_USER'"  # noqa: S608
    )
    if ours:
        return
    for statement in (
        f"DROP USER IF EXISTS {ACCOUNT}",
        f"CREATE USER {ACCOUNT} {identified(archiver_password())}",
        f"GRANT SELECT ON *.* TO {ACCOUNT}",
        f"GRANT BACKUP_ADMIN, CONNECTION_ADMIN, SYSTEM_USER ON *.* TO {ACCOUNT}",
    ):
        session.execute(statement)


def call(place: Place, name: str, *arguments: str) -> list[str]:
    """Return the command of a client program. The password stands in a file outside of what servers can read."""
    file = settings.HOME.secrets / OPTION_FILE
    write_private(file, f'[client]\nuser="{ARCHIVER}"\npassword="{archiver_password()}"\n')
    return [str(program(name)), f"--defaults-file={file}", f"--socket={socket_file(place)}", *arguments]


def module(name: str, *arguments: str) -> Command:
    """Return a call of a module of ``binlogs``, which needs nothing of Django."""
    words = [sys.executable, "-m", f"datastores.sites.local.binlogs.{name}", *arguments]
    return Command(words, {"PYTHONPATH": str(settings.BASE_DIR)})


def in_turn(*commands: Command) -> Command:
    """Return what runs commands one after the other, as long as they end well."""
    environment = {name: value for command in commands for name, value in command.environment.items()}
    return Command(["sh", "-c", " && ".join(shlex.join(command.arguments) for command in commands)], environment)

"""Makes a MySQL data directory with the platform's accounts, the super admin and the default database."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from datastores.engines.mysql.settings import ALWAYS
from datastores.sites.local.mysql.accounts import first_statements
from datastores.sites.local.mysql.programs import own_directories, program

# Nothing of the starter's environment: MYSQL_* variables and locales would change what is made.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
LONGEST_SECONDS = 120
STATEMENTS_FILE = "first-statements.sql"
# What servers write at their first start; each server needs its own, above all its identity in auto.cnf.
NOT_KEPT = ("auto.cnf", "mysqld.pid", STATEMENTS_FILE)
# Written to disk once, at the end, instead of after every change. The log of changes begins with the store.
HASTY = {
    "innodb_flush_method": "nosync",
    "innodb_flush_log_at_trx_commit": "0",
    "innodb_doublewrite": "OFF",
    "innodb_redo_log_capacity": "32M",
    "innodb_buffer_pool_size": "32M",
    "innodb_use_native_aio": "OFF",
    "performance_schema": "OFF",
    "disable_log_bin": "ON",
    "skip_networking": "ON",
    "socket": "",
    "mysqlx": "OFF",
    "event_scheduler": "OFF",
    "auto_generate_certs": "OFF",
    "caching_sha2_password_auto_generate_rsa_keys": "OFF",
    "sha256_password_auto_generate_rsa_keys": "OFF",
    "secure_file_priv": "NULL",
    "pid_file": "mysqld.pid",
    "character_set_server": str(ALWAYS["character_set_server"]),
    "collation_server": str(ALWAYS["collation_server"]),
}


class InitialisationError(Exception):
    """The server could not make its directory; its last words are the text. They hold no secret."""


def initialise(data: Path) -> None:
    """Have the server make its directory, then run the first statements in a start without any network.

    The second start ends itself by its last statement, so that nothing has to log in to it. InnoDB finds no
    files in a directory whose name begins with a dot, as unfinished ones do here: so it works one below.
    """
    making = data / "making"
    making.mkdir(mode=0o700, parents=True)
    _run(making, "--initialize-insecure")
    statements = making / STATEMENTS_FILE
    descriptor = os.open(statements, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{statement};\n" for statement in [*first_statements(), "SHUTDOWN"])
    _run(making, f"--init-file={statements}")
    for path in making.iterdir():
        if path.name in NOT_KEPT:
            path.unlink()
        else:
            path.rename(data / path.name)
    making.rmdir()
    _write_to_disk(data)


def _run(data: Path, *arguments: str) -> None:
    options = {"datadir": str(data)} | own_directories() | HASTY
    settings = [f"--{name}={value}" for name, value in options.items()]
    ended = subprocess.run(
        [str(program("mysqld")), "--no-defaults", *settings, *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=ENVIRONMENT,
        cwd="/",
        umask=0o077,
        timeout=LONGEST_SECONDS,
    )
    complaints = [line for line in ended.stderr.splitlines() if "[ERROR]" in line]
    if ended.returncode != 0 or complaints:
        last = (complaints or ended.stderr.strip().splitlines() or ["no word"])[0]
        raise InitialisationError(f"mysqld ended with {ended.returncode}: {last}")


def _write_to_disk(data: Path) -> None:
    for directory, _, files in os.walk(data):
        for name in (*files, "."):
            descriptor = os.open(Path(directory) / name, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

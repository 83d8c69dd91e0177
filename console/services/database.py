"""The console's own PostgreSQL: reachable through one private Unix socket and nowhere else."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from console.errors import Refusal
from host.files import write_private
from host.locks import remove_stale
from host.paths import Home
from host.supervisor import ServiceSpec
from host.trees import Programs

SERVICE = "console-db"
OWNER = "postgres"
ROLE = DATABASE = "headwater"

# Sized for one console: idle it takes about 31 MiB. No statement is logged: a failing one shows its values.
SETTINGS = """\
listen_addresses = ''
port = 5432
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = 24MB
work_mem = 4MB
maintenance_work_mem = 32MB
wal_level = minimal
max_wal_senders = 0
min_wal_size = 32MB
max_wal_size = 256MB
jit = off
max_parallel_workers_per_gather = 0
log_line_prefix = '%m [%p] '
log_min_error_statement = panic
log_error_verbosity = terse
log_timezone = 'GMT'
"""
# For databases that live as long as a test: nothing is written out before it is needed.
THROW_AWAY = """\
fsync = off
full_page_writes = off
synchronous_commit = off
autovacuum = off
"""


@dataclass(frozen=True)
class ConsoleDatabase:
    """The directories and commands of the console's database; ``lasting`` is False for tests only."""

    home: Home
    programs: Programs
    lasting: bool = True

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home.console / "db"

    @property
    def sockets(self) -> Path:
        """The private directory of the Unix socket, outside the data directory."""
        return self.home.run / SERVICE

    @property
    def _etc(self) -> Path:
        return self.home.console / "db-etc"

    def prepare(self) -> None:
        """Initialise the data directory once, whole or not at all, and write the settings anew."""
        self.home.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        for directory in (self.sockets, self._etc):
            directory.mkdir(mode=0o700, exist_ok=True)
        if not self.data.exists():
            self._initialise()
        user = getpass.getuser()
        write_private(self._etc / "pg_hba.conf", "local all all peer map=console\n")
        write_private(self._etc / "pg_ident.conf", f'console "{user}" {OWNER}\nconsole "{user}" {ROLE}\n')
        files = {"hba_file": self._etc / "pg_hba.conf", "ident_file": self._etc / "pg_ident.conf"}
        paths = {"data_directory": self.data, "unix_socket_directories": self.sockets} | files
        quoted = "".join(f"{name} = '{str(path).replace(chr(39), 2 * chr(39))}'\n" for name, path in paths.items())
        write_private(self._etc / "postgresql.conf", SETTINGS + ("" if self.lasting else THROW_AWAY) + quoted)

    def command(self) -> list[str]:
        """The server in the foreground."""
        return [
            str(self.programs.program("postgresql", "postgres")),
            "-c",
            f"config_file={self._etc / 'postgresql.conf'}",
        ]

    def service(self) -> ServiceSpec:
        """How it is supervised: SIGINT is PostgreSQL's fast shutdown."""
        return ServiceSpec(
            name=SERVICE,
            command=self.command(),
            working_directory=self.home.console,
            environment={"LC_ALL": "C"},
            stop_signal=signal.SIGINT,
            owned_directory=self.data,
        )

    def forget_stale_lock(self) -> None:
        """Remove lock files from before a restart of the machine. The service must be stopped."""
        remove_stale([self.data / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*.lock")], self.data)

    def answering(self) -> bool:
        """Whether the platform's login gets in now."""
        try:
            with self._connect():
                return True
        except psycopg.OperationalError:
            return False

    def create(self, *, may_create_databases: bool = False) -> None:
        """Make the console's role and database where they are missing. The server must be answering."""
        with self._connect() as connection:
            role = sql.Identifier(ROLE)
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
            if may_create_databases:
                connection.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(role))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), role))

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets),
            port=5432,
            user=OWNER,
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

    def _initialise(self) -> None:
        draft = self.data.with_name("db.partial")
        shutil.rmtree(draft, ignore_errors=True)
        done = subprocess.run(
            [
                str(self.programs.program("postgresql", "initdb")),
                "--pgdata",
                str(draft),
                "--username",
                OWNER,
                "--auth",
                "peer",
                "--encoding",
                "UTF8",
                "--no-locale",
                "--locale-provider",
                "builtin",
                "--builtin-locale",
                "C.UTF-8",
                "--data-checksums",
                "--no-instructions",
                *([] if self.lasting else ["--no-sync"]),
            ],
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            raise Refusal(
                f"The console's database could not be initialised: {_cause(done.stdout)}",
                f"Nothing was left behind. Check free space in {self.home.root}, then start again.",
            )
        draft.rename(self.data)


def _cause(output: str) -> str:
    """Return the part of initdb's output that names the cause: from the word that begins an error on."""
    found = re.search(r"(?:FATAL|PANIC|error): +(.*)", output)
    lines = output.strip().splitlines() or ["no message"]
    return f"{found.group(1) if found else lines[-1]}."

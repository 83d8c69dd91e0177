"""The engine trees that exist: which packages of which suite make one, and how its programs are tried."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trial:
    """Starting a program to see that it works: its output must contain `expected`."""

    program: str
    arguments: tuple[str, ...]
    expected: str


@dataclass(frozen=True)
class TreeSpec:
    """One engine tree.

    name         directory below the engines directory
    title        what people call it
    suite        Debian suite that the packages come from
    packages     what is asked for; their dependencies come along
    directories  where programs lie in the tree, in the order in which they are looked up
    setting      environment variable by which an operator points to installed programs instead
    trials       what verification starts
    """

    name: str
    title: str
    suite: str
    packages: tuple[str, ...]
    directories: tuple[str, ...]
    setting: str
    trials: tuple[Trial, ...]


TREES: dict[str, TreeSpec] = {
    tree.name: tree
    for tree in (
        TreeSpec(
            name="postgresql",
            title="PostgreSQL 17 with pgvector and pgBackRest",
            suite="trixie",
            packages=("postgresql-17", "postgresql-client-17", "postgresql-17-pgvector", "pgbackrest"),
            directories=("usr/lib/postgresql/17/bin", "usr/bin"),
            setting="HEADWATER_POSTGRESQL_BIN",
            trials=(
                Trial("postgres", ("--version",), "(PostgreSQL) 17."),
                Trial("initdb", ("--version",), "(PostgreSQL) 17."),
                Trial("psql", ("--version",), "(PostgreSQL) 17."),
                Trial("pg_basebackup", ("--version",), "(PostgreSQL) 17."),
                Trial("pg_rewind", ("--version",), "(PostgreSQL) 17."),
                Trial("pgbackrest", ("version",), "pgBackRest 2."),
            ),
        ),
        TreeSpec(
            name="mysql",
            title="MySQL 9",
            # No release of Debian carries MySQL itself; its maintainers keep it in sid.
            suite="sid",
            packages=("mysql-server-core", "mysql-client-core", "mysql-client"),
            directories=("usr/sbin", "usr/bin"),
            setting="HEADWATER_MYSQL_BIN",
            trials=(
                Trial("mysqld", ("--no-defaults", "--version"), "Ver 9."),
                Trial("mysql", ("--no-defaults", "--version"), "Ver 9."),
                Trial("mysqldump", ("--no-defaults", "--version"), "Ver 9."),
                Trial("mysqlbinlog", ("--no-defaults", "--version"), "Ver 9."),
            ),
        ),
        TreeSpec(
            name="valkey",
            title="Valkey 8",
            suite="trixie",
            packages=("valkey-server", "valkey-tools"),
            directories=("usr/bin",),
            setting="HEADWATER_VALKEY_BIN",
            trials=(
                Trial("valkey-server", ("--version",), "v=8."),
                Trial("valkey-cli", ("--version",), "valkey-cli 8."),
            ),
        ),
        TreeSpec(
            name="restic",
            title="restic",
            suite="trixie",
            packages=("restic",),
            directories=("usr/bin",),
            setting="HEADWATER_RESTIC_BIN",
            trials=(Trial("restic", ("version",), "restic 0."),),
        ),
        TreeSpec(
            name="haproxy",
            title="HAProxy 3.0",
            suite="trixie",
            packages=("haproxy",),
            directories=("usr/sbin",),
            setting="HEADWATER_HAPROXY_BIN",
            trials=(Trial("haproxy", ("-v",), "HAProxy version 3."),),
        ),
        TreeSpec(
            name="runit",
            title="runit 2",
            suite="trixie",
            packages=("runit",),
            directories=("usr/bin",),
            setting="HEADWATER_RUNIT_BIN",
            trials=(
                Trial("runsv", (), "runsv dir"),
                Trial("svlogd", (), "svlogd ["),
                Trial("chpst", ("-c", "0", "/bin/echo", "ready"), "ready"),
            ),
        ),
        TreeSpec(
            name="tools",
            title="Sandbox (setpriv of util-linux 2.41)",
            suite="trixie",
            packages=("util-linux",),
            directories=("usr/bin",),
            setting="HEADWATER_TOOLS_BIN",
            trials=(Trial("setpriv", ("--help",), "--landlock-access"),),
        ),
    )
}

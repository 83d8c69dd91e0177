"""The statements that make accounts hold no password, and give the super admin nothing that reaches the host."""

from __future__ import annotations

import re

import pytest

from datastores.sites.local.mysql.accounts import (
    DYNAMIC_PRIVILEGES,
    PRIVILEGES,
    admin_statements,
    first_statements,
    password_statement,
)
from datastores.sites.local.mysql.names import platform_password, probe_password

DANGEROUS = {
    "SUPER",
    "FILE",
    "SHUTDOWN",
    "RELOAD",
    "CREATE TABLESPACE",
    "SYSTEM_USER",
    "SYSTEM_VARIABLES_ADMIN",
    "PERSIST_RO_VARIABLES_ADMIN",
    "SESSION_VARIABLES_ADMIN",
    "CONNECTION_ADMIN",
    "SERVICE_CONNECTION_ADMIN",
    "CLONE_ADMIN",
    "BACKUP_ADMIN",
    "BINLOG_ADMIN",
    "REPLICATION_APPLIER",
    "REPLICATION_SLAVE_ADMIN",
    "GROUP_REPLICATION_ADMIN",
    "ENCRYPTION_KEY_ADMIN",
    "ALLOW_NONEXISTENT_DEFINER",
    "AUDIT_ADMIN",
    "AUDIT_ABORT_EXEMPT",
    "RESOURCE_GROUP_ADMIN",
    "ALL",
}


@pytest.fixture
def secrets_directory(settings: object) -> None:
    settings.HOME.make()  # type: ignore[attr-defined]


def test_the_super_admin_gets_nothing_that_reaches_the_host() -> None:
    assert not DANGEROUS & {*PRIVILEGES, *DYNAMIC_PRIVILEGES}


@pytest.mark.usefixtures("secrets_directory")
def test_no_statement_holds_a_password() -> None:
    text = "\n".join([*first_statements(), *admin_statements(), password_statement("hwadmin", "a password")])
    for secret in (platform_password(), probe_password(), "a password"):
        assert secret not in text


@pytest.mark.usefixtures("secrets_directory")
def test_each_statement_is_one_line_that_ends_nowhere_else() -> None:
    assert all(";" not in statement and "\n" not in statement for statement in first_statements())


def test_a_login_can_not_break_out_of_its_quotes() -> None:
    statement = password_statement("a'@'%' IDENTIFIED BY 'x' -- ", "p")
    assert re.match(r"ALTER USER 'a\\'@\\'%\\' IDENTIFIED BY \\'x\\' -- '@'%' IDENTIFIED WITH", statement)

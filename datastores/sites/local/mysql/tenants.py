"""Makes and ends databases and logins of tenants in a MySQL node.

A login that the platform makes is an account of the edge's address: it works through the edge and from nowhere else.
Its rights are those of one database. (With partial revokes on, as here, ``_`` and ``%`` in a grant's database stand
for themselves.) A successor of somebody's own login has that account as its role.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pymysql
from pymysql.constants import ER
from pymysql.converters import escape_string

from console.errors import Refusal
from datastores.engines.mysql.verifier import verifier
from datastores.logins import Rights
from datastores.sites.contract import NoAnswer
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.logins import Administration, administration
from datastores.sites.local.mysql.names import EDGE_ADDRESS
from datastores.sites.tenants import NewLogin, Successor

GRANTS: Final = {
    Rights.READ_ONLY: "SELECT, SHOW VIEW",
    Rights.READ_WRITE: "SELECT, INSERT, UPDATE, DELETE, EXECUTE, SHOW VIEW, LOCK TABLES, CREATE TEMPORARY TABLES",
    Rights.OWNER: "ALL",
}


def create_database(place: Place, name: str) -> None:
    """Make a database; raises Refusal where it is there. Accounts have no right in it until they are given one."""
    with _inside(place) as session:
        try:
            session.execute(f"CREATE DATABASE {_identifier(name)}")
        except pymysql.err.ProgrammingError as error:
            if error.args[0] != ER.DB_CREATE_EXISTS:
                raise
            raise Refusal(f"The server has a database “{name}” already.", "Choose another name.") from None


def drop_database(place: Place, name: str) -> None:
    """Drop a database, and end the sessions that are in it."""
    with _inside(place) as session:
        _end(session, [row[0] for row in session.execute("SHOW PROCESSLIST") if row[3] == name])
        session.execute(f"DROP DATABASE IF EXISTS {_identifier(name)}")


def create_login(place: Place, login: NewLogin) -> None:
    """Make an account with its rights in one database, or give it its password and rights again."""
    with _inside(place) as session:
        account = _account(login.name, EDGE_ADDRESS)
        _set_password(session, account, login.password)
        session.execute(f"GRANT {GRANTS[login.rights]} ON {_identifier(login.database)}.* TO {account}")


def succeed_login(place: Place, login: Successor) -> None:
    """Make an account beside ``login.base``: with the same rights, or with every account of that name as its roles."""
    if login.rights is not None:
        create_login(place, NewLogin(login.name, login.password, login.database, login.rights))
        return
    with _inside(place) as session:
        account = _account(login.name, EDGE_ADDRESS)
        _set_password(session, account, login.password)
        roles = ", ".join(_accounts(session, login.base))
        if not roles:
            raise Refusal(f"The login “{login.base}” is gone, so it can't be succeeded.", "Import another one.")
        session.execute(f"GRANT {roles} TO {account}")
        session.execute(f"SET DEFAULT ROLE {roles} TO {account}")


def retire_login(place: Place, name: str, base: str) -> None:
    """Let nobody log in with it any more and end its sessions; drop it where no successor has its rights from it."""
    with _inside(place) as session:
        for account in _accounts(session, name):
            session.execute(f"ALTER USER {account} ACCOUNT LOCK")
        _end(session, _numbers(session, name))
        if name != base:
            for account in _accounts(session, name):
                session.execute(f"DROP USER {account}")


def login_sessions(place: Place, name: str) -> int:
    """Count the sessions of a login, from every address."""
    with _inside(place) as session:
        return len(_numbers(session, name))


def _set_password(session: Administration, account: str, password: str) -> None:
    """Make the account or give it its password; only the verifier is sent, so no log can hold the password."""
    identified = f"IDENTIFIED WITH caching_sha2_password AS 0x{verifier(password).hex()}"
    session.execute(f"CREATE USER IF NOT EXISTS {account} {identified}")
    session.execute(f"ALTER USER {account} {identified} REQUIRE SSL PASSWORD EXPIRE NEVER ACCOUNT UNLOCK")


def _accounts(session: Administration, name: str) -> list[str]:
    rows = session.execute(f"SELECT host FROM mysql.user WHERE user = {_text(name)}")  # noqa: S608 - quoted above
    return [_account(name, str(row[0])) for row in rows]


def _numbers(session: Administration, name: str) -> list[object]:
    return [row[0] for row in session.execute("SHOW PROCESSLIST") if row[1] == name]


def _end(session: Administration, numbers: list[object]) -> None:
    for number in numbers:
        try:
            session.execute(f"KILL {number}")
        except pymysql.err.OperationalError as error:
            if error.args[0] != ER.NO_SUCH_THREAD:
                raise


def _account(name: str, host: str) -> str:
    return f"{_text(name)}@{_text(host)}"


def _text(value: str) -> str:
    return f"'{escape_string(value)}'"


def _identifier(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


@contextmanager
def _inside(place: Place) -> Iterator[Administration]:
    """Log in as the platform, and tell what goes wrong in words that reveal nothing."""
    try:
        with administration(place) as session:
            yield session
    except (pymysql.Error, OSError):
        raise NoAnswer("The server did not answer, or refused the platform.") from None

"""A cache as one database, and the logins that applications get in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from console.errors import Refusal
from datastores.engines.cache import Cache
from datastores.engines.cache.rules import LoginKind, Scope
from datastores.logins import Rights
from datastores.sites.contract import NoAnswer
from datastores.sites.local.cache.choices import read_choices
from datastores.sites.local.cache.login_changes import change_logins
from datastores.sites.local.cache.logins import (
    Login,
    digest_of,
    keep_scoped,
    scoped_logins,
    standard_logins,
    tenant_digests,
    write_logins,
)
from datastores.sites.local.cache.sessions import FullError, insistent_session, session
from datastores.sites.local.engine import Place
from datastores.sites.local.tenancy import LocalTenancy
from datastores.sites.tenants import NewLogin, Successor

ONE_DATABASE = "A cache is one database, so none can be created or dropped in it."


class CacheTenancy(LocalTenancy):
    """Logins are lines of the file that the server reads at its start; a running one is told besides."""

    def create_database(self, place: Place, name: str) -> None:
        """Refuse."""
        raise Refusal(ONE_DATABASE)

    def drop_database(self, place: Place, name: str) -> None:
        """Refuse."""
        raise Refusal(ONE_DATABASE)

    def create_login(self, place: Place, login: NewLogin) -> None:
        """Make a login: an owner may do what the super admin may, others are held to their prefix and right."""
        passwords, scoped = _without(place, login.name)
        digest = digest_of(login.password)
        if login.rights is Rights.OWNER and not login.prefix:
            passwords[login.name] = digest
        else:
            scope = Scope(login.prefix, writes=login.rights is not Rights.READ_ONLY)
            scoped.append(Login(login.name, LoginKind.TENANT, digest, scope))
        with _answering():
            keep_scoped(place, scoped)
            change_logins(place, passwords, read_choices(place))

    def succeed_login(self, place: Place, login: Successor) -> None:
        """Make a login with the rights of the first one, as its line says them."""
        if login.rights is not None:
            self.create_login(place, NewLogin(login.name, login.password, login.database, login.rights, login.prefix))
            return
        old = next((one for one in standard_logins(place, tenant_digests(place)) if one.name == login.base), None)
        if old is None or old.kind is not LoginKind.TENANT:
            raise Refusal(f"The login “{login.base}” is gone, so it can't be succeeded.", "Import another one.")
        writes, prefix = (old.scope.writes, old.scope.prefix) if old.scope else (True, "")
        rights = Rights.READ_WRITE if old.scope and writes else Rights.OWNER if writes else Rights.READ_ONLY
        self.create_login(place, NewLogin(login.name, login.password, login.database, rights, prefix))

    def retire_login(self, place: Place, name: str, base: str) -> None:
        """Remove the login; its sessions end with it."""
        if name == Cache.admin_user:
            raise Refusal("The super admin stays.", "Reset its password in the Advanced Settings instead.")
        passwords, scoped = _without(place, name)
        with _answering():
            keep_scoped(place, scoped)
            write_logins(place, standard_logins(place, passwords), read_choices(place))
            with insistent_session(place) as platform:
                platform.ask("ACL", "DELUSER", name)

    def login_sessions(self, place: Place, name: str) -> int:
        """Count the clients that are logged in with it."""
        with _answering(), session(place) as platform:
            lines = str(platform.ask("CLIENT", "LIST")).splitlines()
        return sum(f"user={name}" in line.split(" ") for line in lines)


def _without(place: Place, name: str) -> tuple[dict[str, str], list[Login]]:
    """Return the logins as they are, one left out."""
    passwords = {login: digest for login, digest in tenant_digests(place).items() if login != name}
    return passwords, [login for login in scoped_logins(place) if login.name != name]


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except FullError:
        raise NoAnswer("Every connection of the cache is in use.") from None
    except (redis.RedisError, FileNotFoundError):
        raise NoAnswer("The server did not answer.") from None

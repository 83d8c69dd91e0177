"""What a site must do inside a data store's server for its tenants: databases and logins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from datastores.logins import Rights
from datastores.models import DataStore


@dataclass(frozen=True)
class Endpoint:
    """The stable address of a data store."""

    host: str
    port: int


@dataclass(frozen=True)
class NewLogin:
    """A login that the platform makes for one database. ``prefix`` holds one of a cache to keys that begin with it."""

    name: str
    password: str
    database: str
    rights: Rights
    prefix: str = ""


@dataclass(frozen=True)
class Successor:
    """A login that takes over from ``old`` with the same rights.

    ``base`` carries the rights: the login itself where a person made it, nothing where the platform did and ``rights``
    say them.
    """

    name: str
    password: str
    database: str
    base: str
    rights: Rights | None
    prefix: str = ""


class TenantKeeper(ABC):
    """Databases and logins of a running server. Every method takes seconds at most and raises NoAnswer or Refusal."""

    @abstractmethod
    def way_in(self, store: DataStore) -> Endpoint | None:
        """Return where a login is tried: the stable address; the server itself where the allow list leaves the platform
        out. None without an address."""

    @abstractmethod
    def create_database(self, store: DataStore, name: str) -> None:
        """Make a database that the super admin owns and no other login may enter."""

    @abstractmethod
    def drop_database(self, store: DataStore, name: str) -> None:
        """Drop a database with everything in it; sessions in it end."""

    @abstractmethod
    def create_login(self, store: DataStore, login: NewLogin) -> None:
        """Make a login, or give one that is there this password and these rights again."""

    @abstractmethod
    def succeed_login(self, store: DataStore, login: Successor) -> None:
        """Make a second login with the rights of the first."""

    @abstractmethod
    def retire_login(self, store: DataStore, name: str, base: str) -> None:
        """End a login's sessions and let nobody log in with it any more. What it owns stays (``base`` gets it)."""

    @abstractmethod
    def login_sessions(self, store: DataStore, name: str) -> int:
        """Count the sessions that a login has open now."""

"""What a local engine can do for its tenants inside a running node."""

from __future__ import annotations

from abc import ABC, abstractmethod

from datastores.sites.local.engine import Place
from datastores.sites.tenants import NewLogin, Successor


class LocalTenancy(ABC):
    """Makes and ends databases and logins in a running node. Each method raises Refusal and NoAnswer."""

    @abstractmethod
    def create_database(self, place: Place, name: str) -> None:
        """Make a database that the super admin owns and no other login may enter."""

    @abstractmethod
    def drop_database(self, place: Place, name: str) -> None:
        """Drop a database; sessions in it end."""

    @abstractmethod
    def create_login(self, place: Place, login: NewLogin) -> None:
        """Make a login, or give one that is there its password and rights again."""

    @abstractmethod
    def succeed_login(self, place: Place, login: Successor) -> None:
        """Make a second login with the rights of the first."""

    @abstractmethod
    def retire_login(self, place: Place, name: str, base: str) -> None:
        """End a login's sessions and let nobody log in with it any more; what it owns goes to ``base``."""

    @abstractmethod
    def login_sessions(self, place: Place, name: str) -> int:
        """Count the sessions that a login has open now."""

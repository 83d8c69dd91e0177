"""Who depends on a database or login: applications above register what they know, pages ask before they end something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from datastores.models import DataStore


@dataclass(frozen=True)
class Use:
    """One dependent: a connection's environment, with the login it connects with."""

    name: str
    url: str
    place: str  # project and component
    environment: str
    database: str
    username: str


@dataclass(frozen=True)
class Question:
    """What is about to end: a whole store, one of its databases, or one login of it."""

    store: DataStore
    database: str | None = None
    username: str | None = None


Provider = Callable[[Question], list[Use]]
_providers: dict[str, Provider] = {}


def register(name: str, provider: Provider) -> None:
    """Add a provider; the same name replaces the earlier one."""
    _providers[name] = provider


def uses_of(question: Question) -> list[Use]:
    """Ask every provider."""
    return [use for provider in _providers.values() for use in provider(question)]


@dataclass(frozen=True)
class Dependents:
    """Uses with the sessions that each login has open now; ``counted`` is False where the server could not be asked."""

    uses: list[tuple[Use, int | None]] = field(default_factory=list)

    @property
    def sessions(self) -> int:
        """All open sessions that could be counted, each login's once."""
        return sum({use.username: count or 0 for use, count in self.uses}.values())

"""What an engine is: its names, its limits, its URI and its snippets. Where it runs is a site's matter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from datastores.limits import PlanFacts, Promise


@dataclass(frozen=True)
class Access:
    """Everything a client needs to connect."""

    host: str
    port: int
    user: str
    password: str
    database: str


@dataclass(frozen=True)
class Snippet:
    """Code that works when pasted. ``file`` names what it is saved as; the CA certificate lies beside it as ``ca.pem``."""

    slug: str
    label: str
    language: str
    code: str
    file: str = ""
    install: str = ""


class Engine(ABC):
    """A kind of server software. Instances hold no state."""

    slug: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]
    binding_type: ClassVar[str]  # what Service Binding calls this kind of server
    icon: ClassVar[str]
    section: ClassVar[str] = "databases"  # the entry of the navigation: "databases" or "vector-databases"
    is_cache: ClassVar[bool] = False
    admin_user: ClassVar[str]
    default_database: ClassVar[str]
    ssl_mode: ClassVar[str]
    when_full: ClassVar[str]  # how a tenant makes room while writes are stopped, in sentences
    about_databases: ClassVar[str]  # what the figures of its logical databases mean, in sentences
    has_extensions: ClassVar[bool] = False  # its databases have extensions
    creates_databases: ClassVar[bool] = True  # the server holds more than one database
    outages: ClassVar[Mapping[str, Promise]]  # how long clients may wait, per kind of change of the primary
    asynchronous: ClassVar[bool] = False  # standbys get a write after the client was told that it is done
    # A standby refuses a primary whose limits are above its own, so that a smaller plan begins with the primary.
    shrinks_primary_first: ClassVar[bool] = False
    backed_up: ClassVar[bool] = False  # sites archive its log and take backups
    # Reviewed extensions that only the platform's superuser can make, and makes when a person asks.
    extensions_on_request: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def connection_limit(self, plan: PlanFacts) -> int:
        """Connections that tenants can open at once."""

    def clients_within(self, open_files: int) -> int | None:
        """Clients that a server can hold which may open so many files; None where each client has a process of its own."""
        del open_files
        return None

    def memory_for_data(self, plan: PlanFacts) -> int | None:
        """Return the bytes of memory that hold all data; None where data lie on the disk and memory only helps."""
        del plan
        return None

    def own_facts(self, plan: PlanFacts) -> list[tuple[str, str]]:
        """Return (name, value) of what a plan means for this engine alone, for pages."""
        del plan
        return []

    def checked_settings(self, chosen: Mapping[str, object], plan: PlanFacts) -> dict[str, object]:
        """Return what a person may change of the engine, complete and ready to be stored; empty: nothing.

        What ``chosen`` leaves out has its default. Raises ValueError for a value that the engine does not know, or that
        the plan can't keep.
        """
        del chosen, plan
        return {}

    def kept_settings(self, stored: Mapping[str, object], plan: PlanFacts) -> dict[str, object]:
        """Return what of a store's settings another plan can keep; what it can't is lowered to the most that it can."""
        del plan
        return dict(stored)

    def database_name_problem(self, name: str) -> str:
        """Return why a new database can't have this name, as a sentence; an empty text where it can."""
        del name
        return "This data store has one database only."

    @abstractmethod
    def try_login(self, access: Access, ca_pem: str) -> None:
        """Log in to that very database over TLS, verifying the server, as a client does. Takes seconds at most.

        Raises :class:`~datastores.engines.trial.LoginFailure`, which says the part that failed.
        """

    @abstractmethod
    def uri(self, access: Access) -> str:
        """Return the service URI, every part quoted as the engine's own client reads it."""

    @abstractmethod
    def snippets(self, access: Access) -> list[Snippet]:
        """Return ready-made code per client, in the order in which the page shows it."""

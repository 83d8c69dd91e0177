"""How a client connects, with the password hidden or shown: facts, URI and snippets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from datastores.engines import registry as engines
from datastores.engines.contract import Access, Snippet
from datastores.models import DataStore
from datastores.sites.registry import driver_of

MASK: Final = "********"
SERVING: Final = (
    "No standby serves reads now, so connections are refused.",
    "1 standby serves reads now.",
    "{} standbys serve reads now.",
)
# Stands for the password while URIs and snippets are built: quoting leaves it alone, so the mask replaces it.
_PLACEHOLDER: Final = "hw-hidden-password-hw"


@dataclass(frozen=True)
class Readers:
    """The address at which the standbys serve reads, with a sentence about who serves there now."""

    host: str
    port: int
    uri: str
    serving: str


@dataclass(frozen=True)
class Connection:
    """Everything that the overview shows for connecting."""

    access: Access
    ssl_mode: str
    uri: str
    snippets: list[Snippet]
    readers: Readers | None = None


def connection_of(store: DataStore, password: str | None = None) -> Connection | None:
    """Return how to connect, masked unless a password is given; None without an address yet."""
    endpoint = driver_of(store).endpoint(store)
    if endpoint is None:
        return None
    engine = engines.engine(store.engine)
    access = Access(
        host=endpoint.host,
        port=endpoint.port,
        user=store.admin_user,
        password=_PLACEHOLDER if password is None else password,
        database=store.default_database,
    )
    uri, snippets, readers = engine.uri(access), engine.snippets(access), _readers_of(store, access)
    if password is None:
        uri = _hide(uri)
        snippets = [replace(snippet, code=_hide(snippet.code)) for snippet in snippets]
        readers = replace(readers, uri=_hide(readers.uri)) if readers else None
        access = replace(access, password=MASK)
    return Connection(access=access, ssl_mode=engine.ssl_mode, uri=uri, snippets=snippets, readers=readers)


def _readers_of(store: DataStore, access: Access) -> Readers | None:
    """Return the same way in at the standbys; None for a store whose plan has none, also while they are being made."""
    endpoint = driver_of(store).reader_endpoint(store) if store.plan.node_count > 1 else None
    if endpoint is None:
        return None
    uri = engines.engine(store.engine).uri(replace(access, host=endpoint.host, port=endpoint.port))
    return Readers(endpoint.host, endpoint.port, uri, SERVING[min(endpoint.standbys, 2)].format(endpoint.standbys))


def _hide(text: str) -> str:
    """Put the mask where the placeholder stands."""
    return text.replace(_PLACEHOLDER, MASK)

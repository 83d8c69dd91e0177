"""The two places of the navigation that list data stores, and which of them an engine belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.http import urlencode

from console.requests import AuthedRequest
from datastores.engines.registry import ENGINES
from datastores.models.store import DataStoreQuerySet

VECTOR: Final = "vector-databases"


@dataclass(frozen=True)
class Section:
    """One list with its words. ``starts_with`` is the engine that its Create has chosen already."""

    slug: str
    label: str
    route: str
    icon: str
    noun: str
    lead: str
    teaches: str
    starts_with: str = ""

    @property
    def url(self) -> str:
        """Where the list is."""
        return reverse(self.route)

    @property
    def create_url(self) -> str:
        """Where the wizard begins for this list."""
        chosen = f"?{urlencode({'type': self.starts_with})}" if self.starts_with else ""
        return reverse("store-create") + chosen

    def engines(self) -> dict[str, str]:
        """Return the labels of the section's engines by slug."""
        return {slug: engine.label for slug, engine in ENGINES.items() if engine.section == self.slug}


DATABASES: Final = Section(
    slug="databases",
    label="Databases",
    route="store-list",
    icon="database",
    noun="data stores",
    lead="The managed data stores of",
    teaches="A data store is a server of its own: choose a type, a region and a plan, and it answers over TLS "
    "at an address that stays the same.",
)
VECTOR_DATABASES: Final = Section(
    slug=VECTOR,
    label="Vector Databases",
    route="vector-store-list",
    icon="chart-scatter",
    noun="vector databases",
    lead="The PostgreSQL servers with pgvector of",
    teaches="A vector database is a PostgreSQL server in which pgvector is ready: store embeddings beside your "
    "rows and find the nearest with an HNSW index.",
    starts_with="postgresql-vector",
)


def section_of(slug: str) -> Section:
    """Return the section of an engine; a store outlives the offer of its engine, and then is a database."""
    engine = ENGINES.get(slug)
    return VECTOR_DATABASES if engine and engine.section == VECTOR else DATABASES


def in_section(stores: DataStoreQuerySet, section: Section) -> DataStoreQuerySet:
    """Narrow data stores to a section; those of an engine that is no longer offered stay among the databases."""
    vectors = VECTOR_DATABASES.engines()
    return stores.filter(engine__in=vectors) if section.slug == VECTOR else stores.exclude(engine__in=vectors)


def enter(request: AuthedRequest, engine: str) -> Section:
    """Mark the engine's section in the navigation, whatever the page's address; returns it."""
    section = section_of(engine)
    request.navigation_route = section.route
    return section

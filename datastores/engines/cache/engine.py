"""The cache as people see it: names, connection limit, service URI and snippets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from datastores.engines.cache.settings import RESERVED_FILES, CacheSettings, max_memory_mib
from datastores.engines.cache.snippets import snippets
from datastores.engines.cache.trial import try_login
from datastores.engines.cache.uri import service_uri
from datastores.engines.contract import Access, Engine, Snippet
from datastores.limits import CACHE_OUTAGES, PlanFacts, Promise, cache_clients


class Cache(Engine):
    """Valkey 8."""

    slug: ClassVar[str] = "cache"
    label: ClassVar[str] = "Cache"
    description: ClassVar[str] = "In-memory store, queue and message broker, compatible with legacy Redis OSS."
    binding_type: ClassVar[str] = "redis"
    icon: ClassVar[str] = "zap"
    is_cache: ClassVar[bool] = True
    creates_databases: ClassVar[bool] = False
    admin_user: ClassVar[str] = "hwadmin"
    default_database: ClassVar[str] = "0"
    ssl_mode: ClassVar[str] = "required"  # the protocol has no negotiation: TLS from the first byte
    when_full: ClassVar[str] = (
        "To make room, delete keys: DEL, UNLINK, FLUSHDB and FLUSHALL work, what adds data does not."
    )
    about_databases: ClassVar[str] = (
        "A cache counts as one database: the numbered ones that SELECT chooses share its memory, its logins and its "
        "settings. Its size is the memory that keys and values take."
    )
    outages: ClassVar[Mapping[str, Promise]] = CACHE_OUTAGES
    asynchronous: ClassVar[bool] = True
    backed_up: ClassVar[bool] = True

    def connection_limit(self, plan: PlanFacts) -> int:
        """Clients at once, all logins together. ``INFO clients`` shows it as maxclients, on a node that has standbys or
        is one with their connections on top."""
        return cache_clients(plan)

    def clients_within(self, open_files: int) -> int:
        """What is left of the files beside the server's own: it lowers its maximum to that by itself."""
        return max(0, open_files - RESERVED_FILES)

    def memory_for_data(self, plan: PlanFacts) -> int | None:
        """Return what keys can fill."""
        return max_memory_mib(plan.ram_gib) * 1024**2

    def own_facts(self, plan: PlanFacts) -> list[tuple[str, str]]:
        """Return the memory that keys can fill: the rest of the plan's is for what lies beside them."""
        return [("Memory for keys", f"{max_memory_mib(plan.ram_gib):,} MiB")]

    def checked_settings(self, chosen: Mapping[str, object], plan: PlanFacts) -> dict[str, object]:
        """Return Lua switch, eviction policy and the standbys that writes need (see ``settings.CacheSettings``)."""
        return CacheSettings.from_stored(chosen).for_plan(plan.node_count - 1).stored()

    def kept_settings(self, stored: Mapping[str, object], plan: PlanFacts) -> dict[str, object]:
        """Lower the standbys that writes need to those that the plan has: otherwise nobody could write."""
        if not stored:
            return {}
        settings = CacheSettings.from_stored(stored)
        return replace(settings, min_replicas=min(settings.min_replicas, plan.node_count - 1)).stored()

    def try_login(self, access: Access, ca_pem: str) -> None:
        """Log in over TLS (see ``trial.try_login``)."""
        try_login(access, ca_pem)

    def uri(self, access: Access) -> str:
        """Return the service URI (see ``uri.service_uri``)."""
        return service_uri(access)

    def snippets(self, access: Access) -> list[Snippet]:
        """Return code for the command line, Python, Celery, Django, Node.js, Java, Go and .env, in this order."""
        return snippets(access)

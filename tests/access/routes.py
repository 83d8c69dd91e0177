"""Every route of the site, read from the URL patterns themselves."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

SAMPLES: dict[str, Any] = {
    "IntConverter": 1,
    "UUIDConverter": uuid.UUID(int=1),
    "SlugConverter": "sample",
    "StringConverter": "sample",
    "PathConverter": "1",
}


@dataclass(frozen=True)
class Route:
    """A named pattern with arguments that fit it; ``name`` is None for a pattern that nobody named."""

    namespace: str
    name: str | None
    arguments: tuple[tuple[str, Any], ...]

    @property
    def label(self) -> str:
        """The name by which `reverse` finds it."""
        return f"{self.namespace}:{self.name}" if self.namespace else str(self.name)


def all_routes() -> list[Route]:
    """Walk the whole tree of patterns."""
    return list(_walk(get_resolver().url_patterns, "", ()))


def _walk(patterns: list[Any], namespace: str, arguments: tuple[tuple[str, Any], ...]) -> Iterator[Route]:
    for pattern in patterns:
        found = (*arguments, *((name, _sample(kind)) for name, kind in pattern.pattern.converters.items()))
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, pattern.namespace or namespace, found)
        elif isinstance(pattern, URLPattern):
            yield Route(namespace, pattern.name, found)


def _sample(converter: object) -> Any:
    return SAMPLES[type(converter).__name__]

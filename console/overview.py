"""The panels of the front page: each application registers what it has to tell about an organization.

An application above the console adds a builder in its ``AppConfig.ready``::

    overview.register("stores", build_stores_panel, position=10)

A builder takes the request and returns a :class:`Panel`, or None where it has nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from console.requests import AuthedRequest


@dataclass(frozen=True)
class Panel:
    """A template and its context; the front page includes it with the context as ``panel``."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


Builder = Callable[[AuthedRequest], Panel | None]
_builders: dict[str, tuple[int, Builder]] = {}


def register(name: str, builder: Builder, *, position: int) -> None:
    """Add a builder; the same name replaces the earlier one, so that registering twice does no harm."""
    _builders[name] = (position, builder)


def panels(request: AuthedRequest) -> list[Panel]:
    """Build every panel for the member of ``request``, in order."""
    ordered = sorted(_builders.items(), key=lambda item: (item[1][0], item[0]))
    built = [builder(request) for _, (_, builder) in ordered]
    return [panel for panel in built if panel]

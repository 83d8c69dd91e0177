"""A row of the reviewed table (see ``table``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.access.cast import World

GET, POST = "GET", "POST"
Arguments = Callable[[World], list[Any]]


@dataclass(frozen=True)
class Row:
    """One route and method. ``before`` arranges what the answer needs."""

    route: str
    method: str
    answers: str
    body: dict[str, str] | None = None
    arguments: Arguments = lambda _: []
    query: str = ""
    silent: str = ""
    before: Callable[[World], object] = lambda _: None

    def expected(self, position: int) -> str:
        """Return the answer for the person in column ``position``."""
        words = self.answers.split()
        return words[0] if len(words) == 1 else words[position]

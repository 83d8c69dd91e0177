"""PostgreSQL's rules for the name of a database."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 63  # bytes: NAMEDATALEN - 1, longer ones would be cut
TAKEN: Final = frozenset({"postgres", "template0", "template1"})


def name_problem(name: str) -> str:
    """Return why PostgreSQL can't have a database of this name, or an empty text. Upper and lower case differ."""
    if not name or name != name.strip():
        return "Give the database a name without spaces around it."
    if not name.isprintable():
        return "The name holds characters that can't be shown. Type it instead of pasting it."
    if (length := len(name.encode())) > LONGEST:
        return f"PostgreSQL takes names of at most {LONGEST} bytes; this one has {length}."
    if name in TAKEN or name.startswith("pg_"):
        return f"“{name}” belongs to PostgreSQL itself. Choose another name."
    return ""

"""MySQL's rules for the name of a database."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 64  # characters
TAKEN: Final = frozenset({"mysql", "sys", "information_schema", "performance_schema"})
BEYOND_BMP: Final = 0x10000  # identifiers are utf8mb3


def name_problem(name: str) -> str:
    """Return why MySQL can't have a database of this name, or an empty text. Upper and lower case differ."""
    if not name or name != name.strip():
        return "Give the database a name without spaces around it."
    if not name.isprintable() or any(ord(letter) >= BEYOND_BMP for letter in name):
        return "The name holds characters that MySQL does not take in names."
    if len(name) > LONGEST:
        return f"MySQL takes names of at most {LONGEST} characters; this one has {len(name)}."
    if name.lower() in TAKEN:
        return f"“{name}” belongs to MySQL itself. Choose another name."
    return ""

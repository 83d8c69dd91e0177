"""Logins inside a database: what each may do, and the names that the platform gives them."""

from __future__ import annotations

import re
import secrets
from enum import StrEnum

NAME_LETTERS = 20  # of the database's name; the whole stays below MySQL's 32 letters for a user's name


class Rights(StrEnum):
    """What a login that the platform makes may do, in its database only."""

    READ_ONLY = "read_only"
    READ_WRITE = "read_write"
    OWNER = "owner"

    @property
    def label(self) -> str:
        """The right as a page writes it."""
        return self.value.replace("_", "-").capitalize()

    @property
    def short(self) -> str:
        """The part of a login's name that says it."""
        return {"read_only": "ro", "read_write": "rw"}.get(self.value, "owner")


def login_name(database: str, rights: Rights) -> str:
    """Return a new name such as ``shop_ro_3f9a1c``: letters that every engine, URI and file takes as they are."""
    stem = re.sub(r"[^a-z0-9]+", "_", database.lower()).strip("_")[:NAME_LETTERS].rstrip("_")
    if not stem or stem[0].isdigit() or stem.startswith("pg_"):
        stem = f"db_{stem}"[:NAME_LETTERS].rstrip("_")
    return f"{stem}_{rights.short}_{secrets.token_hex(3)}"


def successor_name(name: str) -> str:
    """Return a new name for the login that takes over from ``name`` in a rotation."""
    stem = re.sub(r"_[0-9a-f]{6}$", "", name)[: NAME_LETTERS + 5]
    return f"{stem}_{secrets.token_hex(3)}"

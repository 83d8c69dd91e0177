"""The names under which a connection's values reach an application: pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# The keys of a connection's configuration, and what each is called in a variable.
KEYS: Final[dict[str, str]] = {
    "HostName": "HOSTNAME",
    "Port": "PORT",
    "Username": "USERNAME",
    "Password": "PASSWORD",
    "DatabaseName": "DATABASENAME",
}
PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@%+,=-]*\Z")


@dataclass(frozen=True)
class Values:
    """What a client needs, by the keys of the specification."""

    host: str
    port: int
    username: str
    password: str
    database: str

    def by_key(self) -> dict[str, str]:
        """Return the values by key, in the order of the page."""
        found = (self.host, str(self.port), self.username, self.password, self.database)
        return dict(zip(KEYS, found, strict=True))


def stem(connection: str) -> str:
    """Return a connection's part of its variables: ``orders-db`` becomes ``ORDERS_DB``."""
    found = re.sub(r"[^A-Z0-9]+", "_", connection.upper()).strip("_")
    return found or "CONNECTION"


def variables(prefix: str, connection: str) -> dict[str, str]:
    """Return the variable of each key, such as ``CHOREO_ORDERS_HOSTNAME`` for ``HostName``."""
    parts = [part for part in (prefix, stem(connection)) if part]
    return {key: "_".join([*parts, ending]) for key, ending in KEYS.items()}


def env_file(values: Mapping[str, str]) -> str:
    """Return a ``.env`` file. Plain values stand bare, which every reader takes alike; others are quoted."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())


def _quoted(value: str) -> str:
    if PLAIN.match(value):
        return value
    if "'" not in value:
        return f"'{value}'"
    return '"' + re.sub(r'(["\\$`])', r"\\\1", value) + '"'

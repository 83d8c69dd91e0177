"""Trying a login as a client does, and saying which part of it failed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path


class Part(StrEnum):
    """The part of a login that failed."""

    UNREACHABLE = "unreachable"
    PASSWORD = "password"  # noqa: S105 - the name of a part
    RIGHT = "right"
    FULL = "full"


class LoginFailure(Exception):  # noqa: N818 - a measurement, not a programming error
    """A login did not work. The sentence says what happened, the remedy what to do; neither holds a secret."""

    def __init__(self, part: Part, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence)
        self.part, self.sentence, self.remedy = part, sentence, remedy


@contextmanager
def ca_file(pem: str) -> Iterator[Path]:
    """Keep the authority's certificate in a file for drivers that want a path."""
    with tempfile.NamedTemporaryFile("w", prefix="headwater-ca-", suffix=".pem") as file:
        file.write(pem)
        file.flush()
        yield Path(file.name)


def unreachable(endpoint: str) -> LoginFailure:
    """Say that nobody answered at all."""
    return LoginFailure(
        Part.UNREACHABLE,
        f"Unreachable: no server answered at {endpoint}.",
        "Wait until the data store runs, then try again.",
    )


def wrong_password(user: str) -> LoginFailure:
    """Say that the server refuses user and password; no server tells which of the two is wrong."""
    return LoginFailure(
        Part.PASSWORD,
        f"Wrong password: the server refuses “{user}” with this password, or has no such login.",
        "Check both as the super admin.",
    )


def no_right(user: str, database: str, remedy: str) -> LoginFailure:
    """Say that the login exists and may not enter this database."""
    return LoginFailure(Part.RIGHT, f"No right to connect: “{user}” may not enter the database “{database}”.", remedy)


def no_database(database: str) -> LoginFailure:
    """Say that there is no such database."""
    return LoginFailure(Part.RIGHT, f"No right to connect: there is no database “{database}” in the server.")


def full() -> LoginFailure:
    """Say that the plan's connections are used up: neither right nor wrong is known."""
    return LoginFailure(
        Part.FULL,
        "Unreachable: every connection of the plan is in use, so the login could not be tried.",
        "Close a connection, then try again.",
    )

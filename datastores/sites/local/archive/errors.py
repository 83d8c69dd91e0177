"""What goes wrong with archives."""

from __future__ import annotations


class ArchiverError(Exception):
    """The archiver's program refused; the sentence is for people and holds no secret."""


# What sentences of archivers contain where the storage could not be asked: they say nothing about what is in it.
SILENT = (
    "can't be reached",
    "did not answer",
    "storage refuses",
    "answered with an error",
    "can't be verified",
    "Other work",
)


def tells_of_damage(sentence: str) -> bool:
    """Say whether a refusal is about what the archive holds, rather than about the way to it."""
    return not any(words in sentence for words in SILENT)

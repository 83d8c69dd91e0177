"""What goes wrong with archives."""

from __future__ import annotations


class ArchiverError(Exception):
    """The archiver's program refused; the sentence is for people and holds no secret."""

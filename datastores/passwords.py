"""Passwords that the platform makes."""

from __future__ import annotations

import secrets
import string

ALPHABET = string.ascii_letters + string.digits  # needs no quoting in a URI, a shell or a file
LENGTH = 24  # log2(62 ** 24) = 142 bits


def generate_password() -> str:
    """Return a random password of 142 bits that every client and file format takes without quoting."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))

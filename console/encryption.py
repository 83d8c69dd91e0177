"""Encrypted columns: AES-256-GCM with numbered keys; table and column are authenticated with every value."""

from __future__ import annotations

import base64
import functools
import os
import secrets
from typing import Any

import environ
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

NONCE_BYTES = 12


class EncryptionError(Exception):
    """A value can't be decrypted: its key is missing, or the value was moved or changed."""


def new_key_line(number: int = 1) -> str:
    """Return a line for the key file: ``number:base64 of 32 random bytes``."""
    return f"{number}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


@functools.cache
def keys() -> dict[int, bytes]:
    """Return the keys by number, from ``HEADWATER_ENCRYPTION_KEYS`` (comma separated) or the key file that `up` makes."""
    text = environ.Env().str("HEADWATER_ENCRYPTION_KEYS", default="")
    if not text:
        try:
            text = settings.ENCRYPTION_KEY_FILE.read_text()
        except FileNotFoundError:
            raise EncryptionError("The key file for encrypted columns is missing; start with `manage.py up`.") from None
    pairs = (line.split(":", 1) for line in text.replace(",", "\n").split())
    return {int(number): base64.b64decode(key) for number, key in pairs}


def encrypt(text: str, column: str) -> str:
    """Encrypt ``text`` with the newest key; ``column`` ("table.column") is bound to the result."""
    number = max(keys())
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(keys()[number]).encrypt(nonce, text.encode(), column.encode())
    return f"{number}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(value: str, column: str) -> str:
    """Reverse :func:`encrypt`; raises :class:`EncryptionError` without showing the value."""
    number, _, body = value.partition(":")
    raw = base64.b64decode(body)
    try:
        key = keys()[int(number)]
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], column.encode()).decode()
    except KeyError:
        raise EncryptionError(f"Key {number} for {column} is missing from the key file.") from None
    except InvalidTag:
        raise EncryptionError(f"A value of {column} does not fit its key or its column.") from None


class EncryptedTextField(models.TextField[str, str]):
    """Text that is encrypted in the database and plain in Python. It can't be searched or ordered."""

    def _column(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way to the database."""
        return None if value is None else "" if value == "" else encrypt(str(value), self._column())

    def from_db_value(self, value: str | None, _expression: object, _connection: object) -> str | None:
        """Decrypt on the way from the database."""
        return decrypt(value, self._column()) if value else value

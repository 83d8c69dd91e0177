"""The verifier of a password that MySQL stores, made here so that no statement holds the password itself."""

from __future__ import annotations

import hashlib
import secrets
import string

# caching_sha2_password keeps "$A$", the rounds in thousands as three hexadecimal digits, "$", 20 characters
# of salt, and the digest of SHA-crypt (Ulrich Drepper's specification, method SHA-256) with that salt.
ROUNDS = 5000
SALT_LENGTH = 20
SALT_CHARACTERS = "./" + string.digits + string.ascii_letters
ALPHABET = "./" + string.digits + string.ascii_uppercase + string.ascii_lowercase
DIGEST_SIZE = 32
# The order in which SHA-crypt takes the digest's bytes, three for four characters.
ORDER = (
    (0, 10, 20),
    (21, 1, 11),
    (12, 22, 2),
    (3, 13, 23),
    (24, 4, 14),
    (15, 25, 5),
    (6, 16, 26),
    (27, 7, 17),
    (18, 28, 8),
    (9, 19, 29),
)


def verifier(password: str) -> bytes:
    """Return what ``IDENTIFIED WITH caching_sha2_password AS 0x…`` takes, with a new salt."""
    salt = "".join(secrets.choice(SALT_CHARACTERS) for _ in range(SALT_LENGTH)).encode()
    return f"$A${ROUNDS // 1000:03X}$".encode() + salt + sha_crypt(password.encode(), salt).encode()


def sha_crypt(password: bytes, salt: bytes) -> str:
    """Return the 43 characters of SHA-crypt's digest with 5,000 rounds."""
    digest = _start(password, salt)
    many = _repeated(_sha(password * len(password)), len(password))
    salted = _repeated(_sha(salt * (16 + digest[0])), len(salt))
    for number in range(ROUNDS):
        parts = many if number % 2 else digest
        parts += salted if number % 3 else b""
        parts += many if number % 7 else b""
        digest = _sha(parts + (digest if number % 2 else many))
    return _encoded(digest)


def _start(password: bytes, salt: bytes) -> bytes:
    other = _sha(password + salt + password)
    mixed = password + salt + _repeated(other, len(password))
    bits = len(password)
    while bits:
        mixed += other if bits & 1 else password
        bits >>= 1
    return _sha(mixed)


def _encoded(digest: bytes) -> str:
    groups = [(digest[a] << 16 | digest[b] << 8 | digest[c], 4) for a, b, c in ORDER]
    groups.append((digest[31] << 8 | digest[30], 3))
    return "".join(ALPHABET[value >> 6 * place & 63] for value, length in groups for place in range(length))


def _repeated(block: bytes, length: int) -> bytes:
    return (block * (length // DIGEST_SIZE + 1))[:length]


def _sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()

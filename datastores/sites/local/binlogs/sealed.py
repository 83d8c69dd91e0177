"""Files of the log at rest: compressed, encrypted and protected against any change, with a key per file.

A file is a random salt and a row of chunks, each AES-256-GCM. The key follows from the archive's passphrase (256 bits) and the
salt (HKDF). A chunk's nonce is its place in the row; what is authenticated beside it is the file's number and
whether more chunks follow. So a file that was cut off, changed, or put in another one's place can't be opened.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC: Final = b"HWLOG1\n\0"
SALT_BYTES: Final = 32
CHUNK_BYTES: Final = 1024 * 1024
LARGEST_CHUNK: Final = 16 * 1024 * 1024
LEVEL: Final = 1


class SealError(Exception):
    """The file can't be opened with this key, or it was changed or cut off."""


def write(target: Path, number: int, header: dict[str, Any], source: Path, key: str) -> int:
    """Seal a file under its number and return how many bytes it takes. It appears whole, on disk, or not at all."""
    salt = os.urandom(SALT_BYTES)
    cipher = _cipher(key, salt)
    beside = target.with_name(f".{target.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out, source.open("rb") as content:
        out.write(MAGIC + salt)
        for place, (chunk, more) in enumerate(_chunks(header, content)):
            _write_chunk(out, cipher.encrypt(_nonce(place), chunk, _beside(number, more=more)))
        out.flush()
        os.fsync(out.fileno())
        size = out.tell()
    beside.rename(target)
    _sync(target.parent)
    return size


def read_header(file: Path, number: int, key: str) -> dict[str, Any]:
    """Return what was noted of a file, without reading the rest. Raises SealError, OSError."""
    header: dict[str, Any] = json.loads(next(_opened(file, number, key)))
    return header


def open_into(file: Path, number: int, key: str, target: Path) -> None:
    """Write what was sealed to ``target``. Raises SealError, OSError."""
    chunks = _opened(file, number, key)
    next(chunks)
    with target.open("wb") as out:
        for chunk in chunks:
            out.write(zlib.decompress(chunk) if chunk else b"")


def _chunks(header: dict[str, Any], content: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    yield json.dumps(header).encode(), True
    while piece := content.read(CHUNK_BYTES):
        yield zlib.compress(piece, LEVEL), True
    yield b"", False


def _write_chunk(out: BinaryIO, sealed: bytes) -> None:
    out.write(len(sealed).to_bytes(4, "big") + sealed)


def _opened(file: Path, number: int, key: str) -> Iterator[bytes]:
    """Yield the chunks, each verified; raises SealError where the last one is missing."""
    with file.open("rb") as content:
        start = content.read(len(MAGIC) + SALT_BYTES)
        if len(start) < len(MAGIC) + SALT_BYTES or not start.startswith(MAGIC):
            raise SealError("It is no file of this archive, or it was cut off.")
        cipher, place = _cipher(key, start[len(MAGIC) :]), 0
        while True:
            chunk, more = _open_chunk(cipher, _read_chunk(content), number, place)
            yield chunk
            place += 1
            if not more:
                return


def _read_chunk(content: BinaryIO) -> bytes:
    length = int.from_bytes(content.read(4), "big")
    sealed = content.read(length) if 0 < length <= LARGEST_CHUNK else b""
    if not sealed or len(sealed) < length:
        raise SealError("It was cut off.")
    return sealed


def _open_chunk(cipher: AESGCM, sealed: bytes, number: int, place: int) -> tuple[bytes, bool]:
    for more in (True, False):
        try:
            return cipher.decrypt(_nonce(place), sealed, _beside(number, more=more)), more
        except InvalidTag:
            continue
    raise SealError("It can't be opened with the archive's key, or it was changed.")


def _cipher(key: str, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"headwater log").derive(key.encode()))


def _nonce(place: int) -> bytes:
    return place.to_bytes(12, "big")


def _beside(number: int, *, more: bool) -> bytes:
    return f"{number} {'more' if more else 'last'}".encode()


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

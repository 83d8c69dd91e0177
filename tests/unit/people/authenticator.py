"""An authenticator app: RFC 6238 as any app does it, written from the standard."""

from __future__ import annotations

import base64
import hmac
import struct
import time


def code(secret: str, at: float | None = None) -> str:
    """Return the six digits for a base32 secret now."""
    counter = int((time.time() if at is None else at) // 30)
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", counter), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"

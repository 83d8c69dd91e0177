"""The verifier is SHA-crypt as others compute it, in the frame in which MySQL keeps it."""

from __future__ import annotations

import re

import pytest

from datastores.engines.mysql.verifier import sha_crypt, verifier


# As glibc's crypt(3) and openssl's passwd compute them.
@pytest.mark.parametrize(
    ("password", "salt", "digest"),
    [
        ("Hello world!", "saltstring", "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
        ("a", "0123456789abcdef", "ayU.IUrWVARjs3nYpgeybIXMNdiIBTFNCdxEEQ7j/x8"),
        ("a password of more than thirty-two characters", "./", "KgHTsFGgw.TSsj8Ih3bdquxWj6CJLf5vlCA0UK4cC52"),
    ],
)
def test_known_digests(password: str, salt: str, digest: str) -> None:
    assert sha_crypt(password.encode(), salt.encode()) == digest


def test_the_frame() -> None:
    found = verifier("a password")
    assert re.fullmatch(rb"\$A\$005\$[./0-9A-Za-z]{20}[./0-9A-Za-z]{43}", found)
    assert found != verifier("a password")
    salt, digest = found[7:27], found[27:]
    assert sha_crypt(b"a password", salt) == digest.decode()

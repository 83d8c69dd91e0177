"""What a driver's message means to a person, and that unknown text is never shown."""

from __future__ import annotations

import pytest

from datastores.sites.local.postgresql.probing import meaning


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('connection to server at "127.0.0.1", port 1 failed: Connection refused', "Nothing listens"),
        ('server certificate for "a" does not match host name "b"', "another name"),
        ("SSL error: certificate verify failed", "can't be verified"),
        ('FATAL:  password authentication failed for user "hw_probe"', "refuses the platform's own login"),
        ("FATAL:  the database system is starting up", "still starting"),
        ("server closed the connection unexpectedly", "no server is behind the address"),
        ("connection timeout expired", "did not answer"),
    ],
)
def test_known_messages(message: str, expected: str) -> None:
    assert expected in meaning(message)


def test_unknown_text_is_not_repeated() -> None:
    assert meaning("password=hunter2 was strange") == "The login failed."

"""What an error means to a person, and that unknown text is never shown."""

from __future__ import annotations

import ssl

import pymysql
import pytest

from datastores.sites.local.mysql.probing import meaning


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Nothing listens"),
        (TimeoutError("timed out"), "did not answer within 3 seconds"),
        (pymysql.err.OperationalError(2003, "Can't connect ([Errno 2] No such file or directory)"), "not running"),
        (pymysql.err.OperationalError(2003, "certificate verify failed: self-signed certificate"), "can't be verified"),
        (pymysql.err.OperationalError(2003, f"{ssl.SSLCertVerificationError('Hostname mismatch')}"), "another name"),
        (pymysql.err.OperationalError(1045, "Access denied for user"), "refuses the platform's own login"),
        (pymysql.err.OperationalError(2013, "Lost connection"), "no server is behind the address"),
        (pymysql.err.OperationalError(1040, "Too many connections"), "no connection left"),
        (pymysql.err.OperationalError(2026, "SSL is required but the server doesn't support it"), "without TLS"),
    ],
)
def test_known_errors(error: Exception, expected: str) -> None:
    assert expected in meaning(error)


def test_unknown_text_is_not_repeated() -> None:
    assert meaning(pymysql.err.OperationalError(4711, "password=hunter2 was strange")) == "The login failed."

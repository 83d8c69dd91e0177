"""A node's life without a site: made, started, restarted, given a new password."""

from __future__ import annotations

import pytest

from .conftest import Server

pytestmark = pytest.mark.real


def test_a_client_is_in_by_tls(server: Server) -> None:
    assert server.run("SELECT CURRENT_USER(), DATABASE()") == [("hwadmin@%", "defaultdb")]
    assert server.probe().startswith("Logged in over TLS 1.3 in ")
    print(server.probe(), server.place.directory)

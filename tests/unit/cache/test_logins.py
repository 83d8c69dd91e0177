"""The file of logins: digests only, the nameless login off, passwords kept when it is written anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from datastores.engines.cache import CacheSettings
from datastores.sites.local.cache.logins import (
    LOGINS_FILE,
    digest_of,
    standard_logins,
    tenant_digests,
    write_logins,
)
from datastores.sites.local.cache.names import platform_password, probe_password, standby_password
from datastores.sites.local.engine import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "etc").mkdir()
    return Place("node-1", tmp_path, tmp_path / "run", 31_901)


def write(place: Place, passwords: dict[str, str], choices: CacheSettings | None = None) -> str:
    write_logins(place, standard_logins(place, passwords), choices or CacheSettings())
    return (place.configuration / LOGINS_FILE).read_text()


def test_the_super_admin_is_there_from_the_start_and_can_not_log_in(place: Place) -> None:
    lines = dict(line.split(" ", 2)[1:] for line in write(place, {}).splitlines())
    assert set(lines) == {"default", "headwater", "hw-probe", "hw-standby", "hw-canary", "hwadmin"}
    assert lines["default"] == "reset off"
    assert "resetpass" in lines["hwadmin"]
    assert "#" not in lines["hwadmin"]


def test_only_digests_are_written(place: Place) -> None:
    text = write(place, {"hwadmin": digest_of("a password")})
    assert digest_of("a password") in text
    for secret in ("a password", platform_password(place), probe_password(place), standby_password(place.name)):
        assert secret not in text
    assert (place.configuration / LOGINS_FILE).stat().st_mode & 0o777 == 0o600


def test_passwords_are_read_back(place: Place) -> None:
    passwords = {"hwadmin": digest_of("one"), "app": digest_of("two")}
    write(place, passwords)
    assert tenant_digests(place) == passwords
    assert write(place, tenant_digests(place), CacheSettings(lua=False)).count(digest_of("two")) == 1
    assert tenant_digests(place) == passwords


def test_before_anything_is_written_there_is_none(place: Place) -> None:
    assert tenant_digests(place) == {}


@pytest.mark.parametrize("name", ["", "a b", "a\nuser b on nopass", "-x", "x" * 64])
def test_a_name_that_could_be_a_rule_is_refused(place: Place, name: str) -> None:
    with pytest.raises(ValueError, match="login's name"):
        write(place, {name: digest_of("x")})

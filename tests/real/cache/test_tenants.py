"""Logins that applications get in a cache: held to their prefix and right, in the server and after a restart."""

from __future__ import annotations

import pytest
import redis

from datastores.engines.cache import Cache, CacheSettings
from datastores.engines.contract import Access
from datastores.engines.trial import LoginFailure, Part
from datastores.logins import Rights, login_name
from datastores.sites.tenants import NewLogin, Successor
from tests.real.cache.conftest import Server

pytestmark = pytest.mark.real


def make(server: Server, rights: Rights, prefix: str = "shop:") -> NewLogin:
    login = NewLogin(login_name("0", rights), "pass word", "0", rights, prefix)
    server.engine.create_login(server.place, login)
    return login


def enter(server: Server, login: NewLogin | Successor) -> redis.Redis:
    return server.login(username=login.name, password=login.password)


def test_a_writer_is_held_to_its_prefix(server: Server, tenant: redis.Redis) -> None:
    tenant.set("other:key", "x")
    with enter(server, make(server, Rights.READ_WRITE)) as writer:
        writer.set("shop:a", "1")
        assert writer.eval("return redis.call('GET', KEYS[1])", 1, "shop:a") == "1"
        for refused in (
            ("GET", "other:key"), ("SET", "other:key", "y"), ("KEYS", "*"), ("SCAN", "0"), ("RANDOMKEY",), ("FLUSHALL",),
            ("FLUSHDB",), ("SWAPDB", "0", "1"), ("DBSIZE",), ("PUBLISH", "other", "x"), ("ACL", "LIST"),
            ("CONFIG", "GET", "*"), ("EVAL", "return redis.call('GET', 'other:key')", "0"),
            ("SORT", "shop:a", "BY", "other:*"), ("COPY", "other:key", "shop:b"), ("RENAME", "other:key", "shop:b"),
        ):  # fmt: skip
            with pytest.raises((redis.exceptions.NoPermissionError, redis.ResponseError)):
                writer.execute_command(*refused)
    assert tenant.get("other:key") == "x"


def test_a_reader_changes_nothing(server: Server, tenant: redis.Redis) -> None:
    tenant.set("shop:a", "1")
    with enter(server, make(server, Rights.READ_ONLY)) as reader:
        assert reader.get("shop:a") == "1"
        for refused in (
            ("SET", "shop:a", "2"),
            ("DEL", "shop:a"),
            ("PUBLISH", "shop:x", "y"),
            ("EVAL", "return 1", "0"),
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                reader.execute_command(*refused)
    everything = make(server, Rights.READ_ONLY, prefix="")
    with enter(server, everything) as reader:
        assert "shop:a" in reader.keys("*")
        with pytest.raises(redis.exceptions.NoPermissionError):
            reader.set("shop:a", "2")


def test_rights_outlive_restarts_settings_and_password_changes(server: Server) -> None:
    login, owner = make(server, Rights.READ_WRITE), make(server, Rights.OWNER, prefix="")
    server.engine.apply_settings(server.place, CacheSettings(lua=False))
    server.engine.set_password(server.place, "hwadmin", server.access.password)
    server.restart()
    with enter(server, login) as writer, enter(server, owner) as all_powerful:
        writer.set("shop:a", "1")
        all_powerful.flushall()
        with pytest.raises(redis.exceptions.NoPermissionError):
            writer.get("other")
        with pytest.raises(redis.exceptions.NoPermissionError):
            writer.eval("return 1", 0)
    server.engine.apply_settings(server.place, CacheSettings(lua=True))


def test_a_login_is_succeeded_and_retired(server: Server) -> None:
    first = make(server, Rights.READ_WRITE)
    second = Successor(login_name("0", Rights.READ_WRITE), "another", "0", first.name, None)
    server.engine.succeed_login(server.place, second)
    with enter(server, first) as old, enter(server, second) as new:
        old.set("shop:a", "1")
        assert server.engine.login_sessions(server.place, first.name) == 1
        assert new.get("shop:a") == "1"
        with pytest.raises(redis.exceptions.NoPermissionError):
            new.get("other")
        server.engine.retire_login(server.place, first.name, "")
        with pytest.raises(redis.RedisError):
            old.ping()
        new.set("shop:a", "2")
    with pytest.raises(LoginFailure) as failure:
        attempt(server, first.name, first.password)
    assert failure.value.part is Part.PASSWORD


def test_each_part_of_a_login_that_can_fail_is_told_apart(server: Server) -> None:
    attempt(server, server.access.user, server.access.password)
    deputy = Successor("deputy", "new", "0", server.access.user, None)
    server.engine.succeed_login(server.place, deputy)
    with enter(server, deputy) as client:
        client.flushall()
    with pytest.raises(LoginFailure) as failure:
        Cache().try_login(Access("localhost", 1, "a", "b", "0"), server.ca.read_text())
    assert failure.value.part is Part.UNREACHABLE
    with pytest.raises(ValueError, match="key prefix"):
        make(server, Rights.READ_WRITE, prefix="shop:* +@all")


def attempt(server: Server, user: str, password: str) -> None:
    Cache().try_login(Access("localhost", server.access.port, user, password, "0"), server.ca.read_text())

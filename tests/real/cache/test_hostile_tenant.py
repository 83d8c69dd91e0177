"""What a tenant may try in order to reach the host, the platform or another's data: every attempt is refused."""

from __future__ import annotations

import os
from typing import Any

import pytest
import redis
from redis.exceptions import NoPermissionError, ResponseError

from datastores.engines.cache import CacheSettings, Eviction
from datastores.sites.local.cache.sessions import session

from .conftest import HOBBYIST, Server, running

pytestmark = pytest.mark.real

COMMANDS = (
    "CONFIG SET dir /tmp",
    "CONFIG SET dbfilename x.so",
    "CONFIG GET *",
    "CONFIG REWRITE",
    "CONFIG RESETSTAT",
    "CONFIG SET maxclients 1",
    "CONFIG SET aclfile /tmp/x",
    "config set unixsocketperm 777",
    "MODULE LIST",
    "MODULE LOAD /tmp/x.so",
    "MODULE LOADEX /tmp/x.so",
    "DEBUG SEGFAULT",
    "DEBUG SLEEP 10",
    "DEBUG RELOAD",
    "SLAVEOF 127.0.0.1 1",
    "REPLICAOF 127.0.0.1 1",
    "REPLICAOF NO ONE",
    "FAILOVER",
    "MIGRATE 127.0.0.1 1 key 0 1000",
    "PSYNC ? -1",
    "SYNC",
    "REPLCONF listening-port 1",
    "ROLE",
    "SHUTDOWN",
    "SHUTDOWN NOSAVE",
    "SAVE",
    "BGSAVE",
    "BGREWRITEAOF",
    "LASTSAVE",
    "MONITOR",
    "CLUSTER MEET 127.0.0.1 1",
    "CLUSTER INFO",
    "COMMAND",
    "COMMAND DOCS",
    "COMMAND COUNT",
    "ACL LIST",
    "ACL WHOAMI",
    "ACL CAT",
    "ACL GENPASS",
    "ACL SETUSER hwadmin +@all",
    "ACL SETUSER other on nopass",
    "ACL GETUSER headwater",
    "ACL DELUSER headwater",
    "ACL LOAD",
    "ACL SAVE",
    "ACL LOG",
    "ACL DRYRUN hwadmin GET",
    "CLIENT KILL USER headwater",
    "CLIENT LIST",
    "CLIENT PAUSE 10000",
    "CLIENT NO-EVICT on",
    "SLOWLOG GET",
    "LATENCY DOCTOR",
    "COMMANDLOG GET 1 slow",
    "SCRIPT DEBUG YES",
    "FUNCTION LIST",
    "FUNCTION FLUSH",
    "FCALL f 0",
    "FCALL_RO f 0",
    "RESTORE-ASKING key 0 x",
    "AUTH headwater guess",
    "AUTH default guess",
    "AUTH hw-probe guess",
    "HELLO 3 AUTH headwater guess",
)
# Inside a script the caller's rights count, and the language has nothing that leaves it.
SCRIPTS = (
    "return redis.call('CONFIG','GET','dir')",
    "return redis.call('config','set','dir','/tmp')",
    "return redis.call('ACL','WHOAMI')",
    "return redis.call('SLAVEOF','NO','ONE')",
    "return redis.call('BGSAVE')",
    "return redis.call('SHUTDOWN')",
    "return redis.call('MODULE','LOAD','/tmp/x.so')",
    "return redis.call('DEBUG','SLEEP','1')",
    "return redis.call('COMMAND')",
    "return redis.call('ROLE')",
    "return redis.call('FUNCTION','LIST')",
    "return redis.call('CLUSTER','INFO')",
    "return redis.call('MONITOR')",
    "return os.execute('id')",
    "return os.getenv('PATH')",
    "return io.open('/etc/passwd'):read('*a')",
    "return require('os')",
    "return dofile('/etc/passwd')",
    "return loadfile('/etc/passwd')",
    "return package.loadlib('/lib/x86_64-linux-gnu/libc.so.6','system')",
    "return debug.getregistry()",
    "return getfenv(1)",
    "return setfenv(1, {})",
    "return newproxy(true)",
    "return print('x')",
    "x = 1",
    "getmetatable('').__index = nil",
    "string.rep = nil",
    "redis.call = nil",
    "_G._G = nil",
    "getmetatable(_G).__newindex = nil",
    "setmetatable(_G, {})",
    "return collectgarbage('count') .. os.tmpname()",
)


@pytest.fixture(scope="module")
def canary(server: Server) -> str:
    with server.login() as tenant:
        tenant.set("canary", "alive")
    return "alive"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_refused(server: Server, canary: str, command: str) -> None:
    with server.login() as tenant:
        with pytest.raises((NoPermissionError, redis.AuthenticationError, ResponseError)) as refused:
            tenant.execute_command(*command.split())
        words = str(refused.value)
        assert "permission" in words or "not allowed" in words or "invalid username-password" in words
    with server.login() as tenant:
        assert tenant.get("canary") == canary
    assert server.process.poll() is None


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_refused(server: Server, canary: str, script: str) -> None:
    with server.login() as tenant:
        with pytest.raises((ResponseError, NoPermissionError)):
            tenant.eval(script, 0)
        assert tenant.get("canary") == canary


def test_loadstring_has_text_only_and_stays_inside(tenant: redis.Redis) -> None:
    """Compiling text is part of the language; byte code, the known way out of the interpreter, is refused."""
    assert tenant.eval("return loadstring('return 1 + 1')()", 0) == 2
    with pytest.raises(ResponseError):
        tenant.eval("return loadstring('return os.execute()')()", 0)
    with pytest.raises(ResponseError):
        tenant.eval("return loadstring(string.dump(function() return 1 end))()", 0)
    with pytest.raises(ResponseError):
        tenant.eval("return load(function() return nil end, 'x')().x", 0)


def test_a_refused_call_inside_a_script_is_refused_for_lack_of_rights(tenant: redis.Redis) -> None:
    with pytest.raises(ResponseError, match="ACL failure in script"):
        tenant.eval("return redis.call('COMMAND', 'COUNT')", 0)
    assert tenant.eval("return redis.call('GET', KEYS[1])", 1, "absent") is None


def test_a_transaction_and_a_pipeline_are_no_way_around(server: Server) -> None:
    with server.login() as tenant:
        pipeline = tenant.pipeline(transaction=True)
        pipeline.set("inside", "1")
        pipeline.execute_command("CONFIG", "GET", "dir")
        with pytest.raises(redis.RedisError):
            pipeline.execute()
        assert tenant.get("inside") is None


def test_lua_works_as_long_as_it_is_on(tenant: Any) -> None:
    digest = tenant.script_load("return redis.call('INCR', KEYS[1])")
    assert tenant.evalsha(digest, 1, "counter") == 1
    assert tenant.execute_command("EVAL", "return ARGV[1]", 0, "given") == "given"
    assert tenant.execute_command("EVAL_RO", "return redis.call('GET', KEYS[1])", 1, "counter") == "1"
    assert tenant.execute_command("EVALSHA_RO", tenant.script_load("return 7"), 0) == 7
    assert tenant.script_exists(digest) == [True]
    assert tenant.script_flush()


def test_settings_act_at_once_and_outlive_a_restart(server: Server) -> None:
    refused = (
        ("EVAL", "return 1", 0),
        ("EVAL_RO", "return 1", 0),
        ("EVALSHA", "0" * 40, 0),
        ("EVALSHA_RO", "0" * 40, 0),
        ("SCRIPT", "LOAD", "return 1"),
        ("SCRIPT", "FLUSH"),
        ("SCRIPT", "EXISTS", "0" * 40),
        ("SCRIPT", "KILL"),
    )
    with running(server.engine) as other, other.login() as tenant:
        assert tenant.eval("return 1", 0) == 1
        other.engine.apply_settings(other.place, CacheSettings(lua=False, eviction=Eviction.ALLKEYS_LRU))
        for _ in range(2):
            with other.login() as later:
                for command in refused:
                    with pytest.raises(NoPermissionError):
                        later.execute_command(*command)
            assert _info(other)["maxmemory_policy"] == "allkeys-lru"
            other.engine.configure(other.place, HOBBYIST)
            other.restart()
        other.engine.apply_settings(other.place, CacheSettings())
        with other.login() as tenant_again:
            assert tenant_again.eval("return 1", 0) == 1


def test_turning_lua_off_counts_for_open_sessions_and_cuts_none(server: Server) -> None:
    with running(server.engine) as other, other.login() as tenant:
        number = tenant.client_id()
        other.engine.apply_settings(other.place, CacheSettings(lua=False))
        with pytest.raises(NoPermissionError):
            tenant.eval("return 1", 0)
        assert tenant.client_id() == number


def test_the_platform_may_what_tenants_may_not(server: Server) -> None:
    with session(server.place) as platform:
        assert platform.ask("CONFIG", "GET", "maxclients")
        assert platform.ask("ACL", "WHOAMI") == "headwater"
        assert platform.ask("BGREWRITEAOF")
        for word in ("dir", "dbfilename", "enable-debug-command"):
            with pytest.raises(ResponseError, match=r"protected|immutable"):
                platform.ask("CONFIG", "SET", word, "elsewhere")


def test_info_tells_the_plans_figures(tenant: redis.Redis) -> None:
    info = tenant.info()
    assert info["maxclients"] == 10_000
    assert info["maxmemory"] == 716 * 1024 * 1024
    assert info["aof_enabled"] == 1


def test_the_server_holds_no_environment_of_ours(server: Server) -> None:
    with open(f"/proc/{server.process.pid}/environ", "rb") as file:  # noqa: PTH123
        names = {entry.split(b"=")[0] for entry in file.read().split(b"\0") if entry}
    assert names <= {b"PATH", b"LC_ALL", b"PWD", b"SHLVL", b"_"}, names
    assert os.environ["HEADWATER_HOME"]


def test_a_full_memory_refuses_writes_and_keeps_reads(server: Server) -> None:
    with running(server.engine) as other:
        with session(other.place) as platform:
            platform.ask("CONFIG", "SET", "maxmemory", "8mb")
        with other.login() as tenant:
            tenant.set("key-0", "kept")
            with pytest.raises(redis.OutOfMemoryError):
                _fill(tenant)
            assert tenant.get("key-0")
            assert other.probe().startswith("Logged in")


def _fill(tenant: redis.Redis) -> None:
    for number in range(1, 100):
        tenant.set(f"key-{number}", "x" * 1_000_000)


def _info(server: Server) -> dict[str, object]:
    with server.login() as tenant:
        found: dict[str, object] = tenant.info("memory")
        return found

"""Two and three real nodes: a standby copies, follows, serves reads, takes over and steps back, with the same logins."""

from __future__ import annotations

import contextlib
import select
import shutil
import signal
import threading
import time
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from redis.exceptions import NoPermissionError, ReadOnlyError

from datastores.engines.cache import CacheSettings
from datastores.limits import PlanFacts
from datastores.logins import Rights
from datastores.sites.local.cache import LocalCache
from datastores.sites.local.cache.configuration import CA_FILE, SETTINGS_FILE
from datastores.sites.local.cache.logins import tenant_digests
from datastores.sites.local.cache.names import CANARY, STANDBY, canary_password, standby_password
from datastores.sites.local.engine import Sizing
from datastores.sites.local.pulse import Pulse
from datastores.sites.local.replication import NotAnswering, Standing
from datastores.sites.tenants import NewLogin
from host.authority import Authority
from host.files import write_private
from host.paths import Home
from host.waiting import wait_until

from .conftest import Server, running, start

pytestmark = pytest.mark.real
BUSINESS = Sizing(PlanFacts("business", ram_gib=1, node_count=2), storage_gib=8, development=True)
SMALL = 12


@contextlib.contextmanager
def pair(engine: LocalCache) -> Iterator[tuple[Server, Server]]:
    """A primary with a key in it, and a standby that was made from it."""
    with running(engine, sizing=BUSINESS) as primary:
        with primary.login() as tenant:
            tenant.set("before", "the standby")
        with joined(primary) as standby:
            yield primary, standby


@contextlib.contextmanager
def joined(primary: Server, *others: Server) -> Iterator[Server]:
    """Another standby, beside ``others``."""
    with running(primary.engine, sizing=BUSINESS, source=primary) as standby:
        primary.engine.prepare_primary(primary.place, [server.place for server in (standby, *others)])
        copied(primary, standby)
        yield standby


def copied(primary: Server, standby: Server) -> None:
    assert wait_until(lambda: standby.engine.copy(standby.place, primary.place) is None, 10), standby.log.read_text()


def standing(server: Server) -> Standing:
    return server.engine.standing(server.place)


def caught_up(primary: Server, standby: Server) -> bool:
    there = standing(standby)
    return there.following and there.applied >= standing(primary).position


def test_a_standby_copies_follows_and_serves_reads(engine: LocalCache) -> None:
    with pair(engine) as (primary, standby), standby.login() as reader, primary.login() as writer:
        assert reader.get("before") == "the standby"
        with pytest.raises(ReadOnlyError):
            reader.set("before", "changed")
        writer.set("after", "1")
        assert wait_until(lambda: reader.get("after") == "1", 2)
        there = standing(standby)
        assert (there.writable, there.following, there.source_port) == (False, True, primary.place.port)
        assert there.lag_seconds == 0.0
        assert wait_until(lambda: caught_up(primary, standby), 2)
        assert wait_until(lambda: set(standing(primary).followers) == {standby.place.name}, 3)
        here = standing(primary)
        assert here.writable
        assert wait_until(lambda: standing(primary).followers[standby.place.name].position >= here.position, 3)
        _logins_stay_equal(primary, standby)
        _its_login_may_do_nothing_else(primary, standby)
        _the_canary_reaches_its_own_key_only(primary, standby)
        _a_restarted_standby_goes_on(primary, standby)
        _a_source_of_another_authority_is_refused(primary, standby)


def _logins_stay_equal(primary: Server, standby: Server) -> None:
    """Made by the procedures for every node; a node that joins between them takes what its source has."""
    assert tenant_digests(standby.place) == tenant_digests(primary.place)
    primary.engine.set_password(primary.place, "hwadmin", "another")
    with pytest.raises(redis.AuthenticationError):
        standby.login(password="another").ping()
    assert standby.engine.copy(standby.place, primary.place) is None
    for server in (primary, standby):
        with server.login(password="another") as tenant:
            assert tenant.ping()
        with pytest.raises(redis.AuthenticationError):
            server.login().ping()
    for server in (primary, standby):
        server.engine.set_password(server.place, "hwadmin", primary.access.password)
    engine, app = primary.engine, {"username": "app", "password": "secret"}
    engine.create_login(primary.place, NewLogin("app", "secret", "0", Rights.READ_ONLY))
    assert engine.copy(standby.place, primary.place) is None
    with standby.login(**app) as reader:
        assert reader.get("before") == "the standby"
    engine.retire_login(primary.place, "app", "app")
    engine.follow(standby.place, primary.place)
    with pytest.raises(redis.AuthenticationError):
        standby.login(**app).ping()


def _the_canary_reaches_its_own_key_only(primary: Server, standby: Server) -> None:
    with contextlib.closing(primary.engine.canary(primary.endpoint, primary.ca)) as canary:
        for number in (10, 11, 12):
            canary.write(number)
        canary.hang_up()
        assert canary.numbers(10, 11) == {10, 11}
        canary.forget(10, 12)
        assert canary.numbers(10, 12) == set()
    with primary.login(username=CANARY, password=canary_password()) as login:
        for command in (
            ("GET", "before"),
            ("ZADD", "other", "1", "x"),
            ("INFO",),
            ("KEYS", "*"),
            ("PUBLISH", "a", "b"),
        ):
            with pytest.raises(NoPermissionError):
                login.execute_command(*command)
    with (
        pytest.raises(ReadOnlyError),
        contextlib.closing(standby.engine.canary(standby.endpoint, standby.ca)) as canary,
    ):
        canary.write(1)


def _its_login_may_do_nothing_else(primary: Server, standby: Server) -> None:
    secret = standby_password(primary.place.name)
    assert secret != standby_password(standby.place.name)
    with primary.login(username=STANDBY, password=secret) as login:
        for command in (
            ("GET", "before"),
            ("SET", "x", "y"),
            ("INFO",),
            ("CONFIG", "GET", "*"),
            ("REPLICAOF", "a", "1"),
        ):
            with pytest.raises(NoPermissionError):
                login.execute_command(*command)
    for path in (*primary.place.directory.rglob("*"), primary.log, standby.log):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path


def _a_restarted_standby_goes_on(primary: Server, standby: Server) -> None:
    standby.process.kill()
    standby.process.wait(5)
    with primary.login() as tenant:
        tenant.set("meanwhile", "1")
    standby.restart()
    assert wait_until(lambda: caught_up(primary, standby), 5)
    with standby.login() as reader:
        assert reader.get("meanwhile") == "1"


def _a_source_of_another_authority_is_refused(primary: Server, standby: Server) -> None:
    home = Home(settings.HOME.root / "elsewhere")
    home.make()
    own = (standby.place.configuration / CA_FILE).read_text()
    write_private(standby.place.configuration / CA_FILE, Authority(home).certificate_file.read_text())
    standby.restart()
    assert wait_until(lambda: "certificate verify failed" in standby.log.read_text(), 5)
    assert not standing(standby).following
    write_private(standby.place.configuration / CA_FILE, own)
    standby.restart()
    assert wait_until(lambda: caught_up(primary, standby), 5)


def test_a_killed_primary_is_followed_by_its_standby_and_returns_as_one(engine: LocalCache) -> None:
    with pair(engine) as (old, new), joined(old, new) as third:
        wrote = _write(old, 200)
        assert wait_until(lambda: caught_up(old, new) and caught_up(old, third), 5)
        old.process.kill()
        old.process.wait(5)
        began = time.perf_counter()
        engine.promote(new.place)
        assert standing(new).writable
        assert time.perf_counter() - began < 1
        with new.login() as tenant:
            assert tenant.dbsize() == wrote + 1
            tenant.set("after", "the failover")
        engine.follow(third.place, new.place)
        assert wait_until(lambda: caught_up(new, third), 3)
        engine.write_part(old.place, new.place, ())
        old.restart()
        engine.prepare_primary(new.place, [old.place, third.place])
        copied(new, old)
        with old.login() as reader:
            assert reader.get("after") == "the failover"
            with pytest.raises(ReadOnlyError):
                reader.set("two", "primaries")
        new.restart()  # a promoted node stays the primary
        assert standing(new).writable
        assert wait_until(lambda: caught_up(new, old) and caught_up(new, third), 5)
        assert wait_until(lambda: set(standing(new).followers) == {old.place.name, third.place.name}, 3)


def test_stepping_down_holds_writes_back_and_loses_none(engine: LocalCache) -> None:
    with pair(engine) as (old, new):
        acknowledged: list[int] = []
        stop = threading.Event()
        writer = threading.Thread(target=_count_up, args=(old, acknowledged, stop))
        writer.start()
        try:
            assert wait_until(lambda: len(acknowledged) > 50, 5)
            engine.step_down(old.place, new.place)
            engine.take_back(old.place)
            at = len(acknowledged)
            assert wait_until(lambda: len(acknowledged) > at + 50, 5)
            engine.step_down(old.place, new.place)
            held = len(acknowledged)
            engine.step_down(old.place, new.place)  # any step may run twice
            assert len(acknowledged) == held
            engine.promote(new.place)
            engine.step_down(old.place, new.place)
            engine.follow(old.place, new.place)
            writer.join(5)
        finally:
            stop.set()
            writer.join(5)
        assert len(acknowledged) == held
        with new.login() as tenant:
            assert {int(key) for key in tenant.keys("[0-9]*")} == set(acknowledged)
        assert wait_until(lambda: caught_up(new, old), 3)


def test_a_primary_that_ends_while_it_steps_down_acknowledges_nothing_until_it_is_taken_back(
    engine: LocalCache,
) -> None:
    with pair(engine) as (old, new):
        engine.step_down(old.place, new.place)
        old.restart(cleanly=False)
        with old.login() as tenant, pytest.raises(ReadOnlyError):
            tenant.set("two", "primaries")
        with pytest.raises(NotAnswering):
            engine.step_down(old.place, new.place)
        engine.take_back(old.place)
        with old.login() as tenant:
            assert tenant.get("before") == "the standby"
            assert tenant.set("one", "primary")
        assert wait_until(lambda: caught_up(old, new), 5)


def test_a_server_whose_data_were_lost_does_not_start_empty(engine: LocalCache) -> None:
    with pair(engine) as (primary, standby):
        primary.process.kill()
        primary.process.wait(5)
        shutil.rmtree(primary.place.data / "appendonlydir")
        again = start(engine.service(primary.place), primary.log)
        assert again.wait(5) != 0
        with standby.login() as reader:
            assert reader.get("before") == "the standby"


def test_the_tenants_keep_their_limit_beside_standbys(engine: LocalCache) -> None:
    with pair(engine) as (primary, standby):
        for server in (primary, standby):
            path = server.place.configuration / SETTINGS_FILE
            write_private(path, path.read_text().replace("maxclients 10000\n", f"maxclients {SMALL}\n"))
        engine.write_part(primary.place, None, ())
        engine.write_part(standby.place, primary.place, ())
        for server in (primary, standby):
            server.restart()
        assert wait_until(lambda: caught_up(primary, standby), 5)
        with contextlib.ExitStack() as held:
            for server in (primary, standby):
                tenants = [held.enter_context(server.login()) for _ in range(SMALL)]
                assert all(tenant.ping() for tenant in tenants)
                with pytest.raises(redis.ConnectionError):
                    server.login().ping()
                assert tenants[0].info("clients")["maxclients"] == SMALL + 1
                assert engine.ready(server.place)
                assert _beats(engine.pulse(server.place)) is True


def test_writes_need_as_many_standbys_as_were_chosen(engine: LocalCache) -> None:
    with pair(engine) as (primary, standby), primary.login() as tenant:
        for server in (primary, standby):
            engine.adopt_settings(server.place, CacheSettings(min_replicas=1).stored())
        assert tenant.set("with", "a standby")
        standby.process.kill()
        standby.process.wait(5)
        with pytest.raises(redis.ResponseError, match="NOREPLICAS"):
            tenant.set("without", "any")
        engine.adopt_settings(primary.place, CacheSettings().stored())
        assert tenant.set("without", "any")


def test_the_pulse_tells_serving_loading_and_frozen_apart(engine: LocalCache) -> None:
    with running(engine, sizing=BUSINESS) as server:
        pulse = engine.pulse(server.place)
        assert _beats(pulse) is True
        server.process.send_signal(signal.SIGSTOP)
        pulse.begin()
        assert not select.select([pulse.fileno()], [], [], 0.3)[0]
        with pytest.raises(NotAnswering):
            standing(server)
        server.process.send_signal(signal.SIGCONT)
        assert select.select([pulse.fileno()], [], [], 2)[0]
        assert pulse.finish() is True
        server.process.kill()
        server.process.wait(5)
        with pytest.raises(OSError, match="refused"):
            _beats(pulse)


def _write(server: Server, count: int) -> int:
    with server.login() as tenant:
        for number in range(count):
            tenant.set(str(number), "x")
    return count


def _count_up(server: Server, acknowledged: list[int], stop: threading.Event) -> None:
    with server.login() as tenant, contextlib.suppress(redis.RedisError):
        number = 0
        while not stop.is_set():
            tenant.set(str(number), "x")
            acknowledged.append(number)
            number += 1


def _beats(pulse: Pulse) -> bool | None:
    pulse.begin()
    while True:
        assert select.select([pulse.fileno()], [], [], 2)[0]
        if (verdict := pulse.finish()) is not None:
            return verdict

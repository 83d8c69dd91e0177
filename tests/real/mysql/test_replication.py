"""Standbys on real servers: copied, waited for, kept from confirming, and no way in for tenants."""

from __future__ import annotations

import struct
import threading
import uuid
from contextlib import ExitStack

import pymysql
import pytest
from django.conf import settings
from pymysql.constants import ER

from datastores.limits import mysql_connections
from datastores.sites.contract import Endpoint
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.acknowledging import confirms
from datastores.sites.local.mysql.logins import administration
from datastores.sites.local.mysql.names import STANDBY
from datastores.sites.local.pulse import Pulse
from host.authority import Authority
from host.waiting import wait_until

from .conftest import HOBBYIST, execute
from .group import Group, roles

pytestmark = pytest.mark.real
LIMIT = mysql_connections(HOBBYIST.plan)
READ_ONLY = 1290
DUMP_GTID = 0x1E
Trio = tuple[Group, Place, Place, Place]


@pytest.fixture(scope="module")
def trio(group: Group) -> Trio:
    """A primary that waits for either of its two standbys."""
    primary, (one, two) = roles(group)
    group.engine.prepare_primary(primary, [one, two])
    group.engine.set_synchronous(primary, [one.name, two.name])
    group.run(primary, "CREATE TABLE kept (id INT PRIMARY KEY)")
    group.run(primary, "INSERT INTO kept VALUES (1)")
    return group, primary, one, two


def confirming(place: Place) -> bool:
    with administration(place) as session:
        return confirms(session)


def connected(group: Group, primary: Place, standbys: list[Place]) -> bool:
    """Whether the primary counts a connection of each standby and none that a crash has left."""
    standing = [group.follows(standby, primary) for standby in standbys]

    def counted() -> int:
        return sum(row[1] == STANDBY for row in group.platform(primary, "SHOW PROCESSLIST"))

    return all(standing) and wait_until(lambda: counted() == len(standbys), 20)


def dump_request(transactions: str) -> bytes:
    """Return what a replica that has ``transactions`` sends in order to be sent all later ones."""
    sets = [part.strip().split(":") for part in transactions.split(",")]
    known = struct.pack("<Q", len(sets))
    for source, *spans in sets:
        known += uuid.UUID(source).bytes + struct.pack("<Q", len(spans))
        for span in spans:
            first, _, last = span.partition("-")
            known += struct.pack("<QQ", int(first), int(last or first) + 1)
    return struct.pack("<HIIQI", 0, 4711, 0, 4, len(known)) + known


def commits(group: Group, place: Place, number: int, *, within: float) -> bool:
    """Whether a row is acknowledged in time. One that is not is left waiting."""
    done = threading.Event()

    def write() -> None:
        group.run(place, f"INSERT INTO kept VALUES ({number})")  # noqa: S608 - a number of this test
        done.set()

    threading.Thread(target=write, daemon=True).start()
    return done.wait(within)


def test_a_standby_has_what_was_before_it_and_what_comes_after(trio: Trio) -> None:
    group, primary, one, two = trio
    group.run(primary, "INSERT INTO kept VALUES (2)")
    for standby in (one, two):
        assert group.follows(standby, primary)
        assert group.run(standby, "SELECT id FROM kept ORDER BY id") == [(1,), (2,)]
        with pytest.raises(pymysql.MySQLError) as error:
            group.run(standby, "INSERT INTO kept VALUES (99)")
        assert error.value.args[0] == READ_ONLY
        standing = group.standing(standby)
        assert (standing.writable, standing.source_port) == (False, primary.port)
        assert wait_until(lambda: group.standing(standby).lag_seconds == 0.0, 5)  # noqa: B023 - asked at once
    standing = group.standing(primary)
    assert standing.writable
    assert standing.told == standing.followers.keys() == {one.name, two.name}
    assert all(follower.synchronous for follower in standing.followers.values())
    assert group.standing(one).position == standing.position
    uuids = {group.platform(place, "SELECT @@server_uuid")[0] for place in (primary, one, two)}
    assert len(uuids) == 3


def test_a_commit_is_acknowledged_only_when_a_standby_has_it(trio: Trio) -> None:
    group, primary, one, two = trio
    for standby in (one, two):
        group.platform(standby, "STOP REPLICA IO_THREAD")
    assert not commits(group, primary, 10, within=0.5)
    assert group.run(primary, "SELECT id FROM kept WHERE id = 10") == []  # nor can anybody see it before
    group.platform(two, "START REPLICA IO_THREAD")
    assert wait_until(lambda: group.run(primary, "SELECT id FROM kept WHERE id = 10") == [(10,)], 5)
    group.platform(one, "START REPLICA IO_THREAD")
    assert group.follows(one, primary)


def test_nobody_is_waited_for_when_nobody_can_be(trio: Trio) -> None:
    group, primary, one, two = trio
    for standby in (one, two):
        group.platform(standby, "STOP REPLICA IO_THREAD")
    assert not commits(group, primary, 20, within=0.3)
    group.engine.set_synchronous(primary, [])
    assert group.standing(primary).told == frozenset()
    assert commits(group, primary, 21, within=5)
    for standby in (one, two):
        group.platform(standby, "START REPLICA IO_THREAD")
        assert group.follows(standby, primary)
    group.engine.set_synchronous(primary, [one.name, two.name])
    assert group.standing(primary).told == {one.name, two.name}


def test_a_standby_that_does_not_count_does_not_confirm(trio: Trio) -> None:
    group, primary, one, two = trio
    group.engine.set_synchronous(primary, [one.name])
    assert (confirming(one), confirming(two)) == (True, False)
    assert group.standing(primary).told == {one.name}
    group.crash(two)
    assert group.follows(two, primary)
    assert not confirming(two)
    group.platform(one, "STOP REPLICA IO_THREAD")
    assert not commits(group, primary, 30, within=0.5)
    group.platform(one, "START REPLICA IO_THREAD")
    group.engine.set_synchronous(primary, [one.name, two.name])
    assert group.standing(primary).told == {one.name, two.name}


def test_a_frozen_standby_that_is_taken_from_the_count_never_confirms_again(trio: Trio) -> None:
    """It can't be told, so it is ended; its supervisor starts it as its file says."""
    group, primary, one, two = trio
    frozen = group.process(two)
    with group.frozen(two):
        group.engine.set_synchronous(primary, [one.name])
        assert not frozen.running()
    assert group.follows(two, primary)
    assert not confirming(two)
    assert commits(group, primary, 40, within=5)
    group.engine.set_synchronous(primary, [one.name, two.name])


def test_a_standby_that_comes_back_by_itself_follows_and_confirms(trio: Trio) -> None:
    group, primary, one, _ = trio
    group.crash(one)
    group.run(primary, "INSERT INTO kept VALUES (50)")
    assert group.follows(one, primary)
    assert confirming(one)
    assert group.standing(primary).told >= {one.name}


def test_the_limit_is_exact_for_tenants_beside_standbys(trio: Trio) -> None:
    group, primary, one, two = trio
    assert connected(group, primary, [one, two])
    for place in (primary, one):
        group.standing(place)
        with ExitStack() as held:
            for number in range(LIMIT):
                assert execute(held.enter_context(group.login(place)), f"SELECT {number}") == [(number,)]
            with pytest.raises(pymysql.err.OperationalError) as error:
                group.login(place)
            assert error.value.args[0] == ER.CON_COUNT_ERROR
            if place == primary:  # a standby gets in where tenants have taken every connection
                group.crash(one)
                assert group.follows(one, primary)


def test_a_tenant_can_not_be_a_standby(trio: Trio) -> None:
    group, primary, _, _ = trio
    for parameters in ({}, {"ssl": None, "ssl_disabled": True}):
        with pytest.raises(pymysql.MySQLError):
            group.login(primary, user="hw_standby", password="", database=None, **parameters)
    files = [path for path in primary.data.rglob("*") if path.is_file()]
    key = (primary.configuration / "standby.key").read_bytes().splitlines()[1]
    assert not any(key in path.read_bytes() for path in files)


def test_a_tenants_own_replica_does_not_confirm_for_long(trio: Trio) -> None:
    """It reads the log, which it may, and offers to confirm what it reads."""
    group, primary, one, two = trio
    confirming = "SHOW STATUS LIKE 'Rpl_semi_sync_source_clients'"
    assert connected(group, primary, [one, two])
    assert wait_until(lambda: group.platform(primary, confirming)[0][1] == "2", 20)
    with group.login(primary) as reader:
        execute(reader, "SET @source_binlog_checksum = 'NONE', @rpl_semi_sync_replica = 1")
        # A primary that was made as a copy of another has none of the log before that.
        request = dump_request(str(group.platform(primary, "SELECT @@gtid_executed")[0][0]))
        reader._execute_command(DUMP_GTID, request)  # type: ignore[attr-defined]
        assert wait_until(lambda: group.platform(primary, confirming)[0][1] == "3", 5)
        assert group.standing(primary).told
        assert wait_until(lambda: group.platform(primary, confirming)[0][1] == "2", 5)


def test_a_full_disk_stops_no_stream(trio: Trio) -> None:
    group, primary, one, _ = trio
    assert group.engine.set_read_only(one, read_only=True)
    group.crash(one)
    group.run(primary, "INSERT INTO kept VALUES (60)")
    assert group.follows(one, primary)
    assert group.engine.set_read_only(one, read_only=False)


def test_the_pulse_says_whether_a_server_serves(trio: Trio) -> None:
    group, primary, one, _ = trio
    assert beats(group.engine.pulse(primary))
    with group.frozen(one):
        pulse = group.engine.pulse(one)
        pulse.begin()
        assert pulse.finish() is None
        pulse.close()
    with ExitStack() as held:
        for _ in range(LIMIT):
            held.enter_context(group.login(primary))
        assert beats(group.engine.pulse(primary))


def beats(pulse: Pulse) -> bool:
    pulse.begin()
    assert wait_until(lambda: pulse.finish() is not None, 5) is True
    pulse.close()
    return True


def test_the_canary_writes_and_reads(trio: Trio) -> None:
    group, primary, one, _ = trio
    canary = group.engine.canary(Endpoint("127.0.0.1", primary.port), Authority(settings.HOME).certificate_file)
    for number in (7, 8, 9):
        canary.write(number)
    canary.hang_up()
    assert canary.numbers(7, 8) == {7, 8}
    canary.forget(7, 8)
    assert canary.numbers(0, 100) == {9}
    canary.close()
    with pytest.raises(pymysql.MySQLError):
        group.run(primary, "DELETE FROM mysql.hw_canary")
    assert group.follows(one, primary)

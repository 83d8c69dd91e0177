"""A change of the primary on real servers: killed under load, planned, given up; and the way back for the old one."""

from __future__ import annotations

import signal

import pymysql
import pytest

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.copying import history_of
from datastores.sites.local.replication import CopyFailed, NotAnswering
from host.processes import processes_below
from host.waiting import wait_until

from .group import Group, lost, roles, writing

pytestmark = pytest.mark.real
ROUNDS = 2


def fail_over(group: Group, primary: Place, standbys: list[Place]) -> Place:
    """What the procedure does: fence, choose, promote, redirect."""
    group.kill(primary)
    chosen = max(standbys, key=lambda place: group.standing(place).position)
    group.engine.promote(chosen)
    assert wait_until(lambda: group.standing(chosen).writable, 10)
    for other in standbys:
        if other != chosen:
            group.engine.follow(other, chosen)
    return chosen


def rejoin(group: Group, old: Place, primary: Place) -> bool:
    """Bring a former primary back, with its data where that is possible; whether it was."""
    kept = group.engine.rewind(old, primary)
    group.start(old, primary)
    said = group.join(old, primary)
    assert not (kept and said), "nothing is copied where the data were kept"
    group.engine.set_synchronous(primary, [place.name for place in group.places if place != primary])
    return bool(kept)


def test_a_killed_primary_loses_no_acknowledged_row(group: Group) -> None:
    for _ in range(ROUNDS):
        primary, standbys = roles(group)
        with writing(group, primary) as writers:
            writers.reach(300)
            chosen = fail_over(group, primary, standbys)
        assert lost(group, chosen, writers) == set()
        rejoin(group, primary, chosen)
        assert group.standing(chosen).told == {place.name for place in group.places if place != chosen}


def test_what_a_standby_has_confirmed_survives_its_own_crash(group: Group) -> None:
    """It was received, not applied; then the standby crashes, then the primary is gone for good."""
    primary, (one, two) = roles(group)
    group.engine.set_synchronous(primary, [one.name])
    group.platform(one, "STOP REPLICA SQL_THREAD")
    with writing(group, primary) as writers:
        writers.reach(300)
    assert group.standing(one).position - group.standing(one).applied >= 300
    group.kill(primary)
    group.crash(one)
    assert wait_until(lambda: group.engine.ready(one), 20)
    chosen = fail_over(group, primary, [one, two])
    assert chosen == one
    assert lost(group, chosen, writers) == set()
    assert group.follows(two, chosen)
    rejoin(group, primary, chosen)


def test_a_promotion_that_is_cut_short_goes_on(group: Group) -> None:
    primary, (one, two) = roles(group)
    group.engine.set_synchronous(primary, [one.name])
    group.platform(one, "STOP REPLICA SQL_THREAD")
    with writing(group, primary) as writers:
        writers.reach(300)
    group.kill(primary)
    locked = group.login(one)
    with locked, locked.cursor() as cursor:
        cursor.execute("LOCK TABLES numbered READ")  # a reader of the standby keeps it from applying
        group.engine.promote(one)
        assert not group.standing(one).writable
        group.crash(one)
    assert wait_until(lambda: group.engine.ready(one), 20)
    assert wait_until(lambda: group.standing(one).writable, 10)
    assert lost(group, one, writers) == set()
    group.engine.follow(two, one)
    rejoin(group, primary, one)


def test_a_planned_switchover_loses_nothing_and_copies_nothing(group: Group) -> None:
    primary, (one, two) = roles(group)
    group.run(primary, "CREATE TABLE IF NOT EXISTS held (id INT)")
    with writing(group, primary) as writers, group.login(primary, autocommit=False) as open_one:
        open_one.query("INSERT INTO held VALUES (1)")
        writers.reach(100)
        group.engine.step_down(primary, one)
        with pytest.raises(pymysql.MySQLError):
            open_one.commit()
    assert not group.standing(primary).writable
    group.engine.promote(one)
    group.engine.step_down(primary, one)  # once more, as after a crash of the console
    assert group.standing(one).writable
    assert lost(group, one, writers) == set()
    for other in (primary, two):
        group.engine.follow(other, one)
    group.engine.prepare_primary(one, [primary, two])
    assert group.follows(primary, one)
    assert group.follows(two, one)
    group.crash(primary)
    assert group.follows(primary, one)
    assert group.run(primary, "SELECT COUNT(*) FROM held") == [(0,)]


def test_a_switchover_that_is_given_up(group: Group) -> None:
    primary, (one, _) = roles(group)
    group.engine.set_synchronous(primary, [place.name for place in group.places if place != primary])
    group.platform(one, "STOP REPLICA IO_THREAD")
    group.run(primary, "CREATE TABLE IF NOT EXISTS given_up (id INT)")
    with pytest.raises(NotAnswering):
        group.engine.step_down(primary, one)
    group.crash(primary)
    assert wait_until(lambda: group.engine.ready(primary), 20)
    assert not group.standing(primary).writable
    group.engine.take_back(primary)
    assert group.standing(primary).writable
    group.platform(one, "START REPLICA IO_THREAD")
    assert group.follows(one, primary)
    group.run(primary, "INSERT INTO given_up VALUES (1)")


def test_a_former_primary_may_follow_only_with_what_the_present_one_has(group: Group) -> None:
    primary, standbys = roles(group)
    history = group.platform(primary, "SELECT @@GLOBAL.gtid_executed")[0][0].replace("\n", "")
    chosen = fail_over(group, primary, standbys)
    with_own = history_of(primary, seconds=5)
    assert group.platform(chosen, f"SELECT GTID_SUBTRACT('{history}', '{with_own}')") == [("",)]
    assert group.platform(chosen, f"SELECT GTID_SUBTRACT('{with_own}', '{history}')") == [("",)]
    group.run(chosen, "CREATE TABLE later (id INT)")
    assert group.engine.rewind(primary, chosen) is True
    assert rejoin(group, primary, chosen)
    other = next(place for place in standbys if place != chosen)
    group.kill(other)
    group.start(other, None)
    wait_until(lambda: group.standing(other).writable, 10)
    group.run(other, "CREATE TABLE of_its_own (id INT)")
    group.kill(other)
    assert group.engine.rewind(other, chosen) is False
    assert not rejoin(group, other, chosen)


def test_events_run_on_the_new_primary_as_the_tenant_has_left_them(group: Group) -> None:
    primary, standbys = roles(group)
    group.run(primary, "CREATE EVENT wakes ON SCHEDULE EVERY 1 HOUR DO DROP TABLE gone")
    group.run(primary, "CREATE EVENT sleeps ON SCHEDULE EVERY 1 HOUR DISABLE DO DROP TABLE gone")
    for standby in standbys:
        assert group.follows(standby, primary)
        assert group.platform(standby, "SELECT @@event_scheduler") == [("OFF",)]
    chosen = fail_over(group, primary, standbys)
    events = group.run(chosen, "SELECT event_name, status, definer FROM information_schema.events ORDER BY 1")
    assert events == [("sleeps", "DISABLED", "hwadmin@%"), ("wakes", "ENABLED", "hwadmin@%")]
    assert group.platform(chosen, "SELECT @@event_scheduler") == [("ON",)]
    rejoin(group, primary, chosen)


def test_a_full_disk_stays_full_on_the_new_primary(group: Group) -> None:
    primary, standbys = roles(group)
    for place in group.places:
        assert group.engine.set_read_only(place, read_only=True)
    chosen = fail_over(group, primary, standbys)
    with pytest.raises(pymysql.MySQLError, match="READ ONLY transaction"):
        group.run(chosen, "CREATE TABLE more (id INT)")
    assert group.engine.set_read_only(chosen, read_only=True)
    assert group.engine.set_read_only(chosen, read_only=False)
    group.run(chosen, "CREATE TABLE more (id INT)")
    rejoin(group, primary, chosen)


def test_a_copy_that_was_cut_off_is_begun_anew(group: Group) -> None:
    primary, _ = roles(group)
    group.run(primary, "CREATE TABLE copied (id INT)")
    late = group.node(primary)
    group.engine.prepare_primary(primary, [place for place in group.places if place != primary])
    servers = processes_below(primary.data)
    for server in servers:
        server.send(signal.SIGSTOP)  # so that the copy can't be complete before it is cut off
    try:
        assert group.engine.copy(late, primary) is not None
        group.crash(late)
    finally:
        for server in servers:
            server.send(signal.SIGCONT)
    assert wait_until(lambda: group.engine.ready(late), 20)
    with pytest.raises(CopyFailed, match="ended early"):
        group.engine.copy(late, primary)
    group.join(late, primary)
    assert group.run(late, "SELECT COUNT(*) FROM copied") == [(0,)]
    group.discard(late)

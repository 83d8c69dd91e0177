"""Which copy of a cache's files brings back which second, and what its files say of themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.sites.local.archive.restic import Snapshot
from datastores.sites.local.cache.archive.counting import compare, counted
from datastores.sites.local.cache.archive.manifest import Manifest, Part, created, parse
from datastores.sites.local.cache.archive.units import (
    BACKUP,
    LOG,
    Reach,
    Unit,
    for_moment,
    needless,
    newest,
    reached,
    superseded,
    units,
)

STANDBY = "backup of a standby's files"
ZERO = datetime(2026, 11, 26, tzinfo=UTC)
FIRST = Manifest("appendonly.aof.1.base.rdb", (Part("a.1", 1),))


def at(second: int) -> datetime:
    return ZERO + timedelta(seconds=second)


def snapshot(number: int, generation: int, since: int, until: int, kind: str) -> Snapshot:
    reach, folder = Reach(at(since), at(until), "a.1", 7), f"/held/{generation}"
    if kind == STANDBY:
        reach, folder = Reach(at(until), at(until), "a.1", 7, "node-2"), f"/copied/{number % 2}"
    tags = reach.tags(BACKUP if kind == STANDBY else kind)
    return Snapshot(f"{number:064}", at(until), (folder,), tags, at(until), at(until))


@st.composite
def archives(draw: st.DrawFn) -> list[Unit]:
    """Generations one after the other without a gap, each copied now and then, some of the copies as backups, which may be
    a standby's. Where a server begins another generation, the one that is over is copied to its end."""
    found: list[Snapshot] = []
    since = now = 0
    for generation in range(draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(1, 4))):
            now += draw(st.integers(1, 9))
            kind = draw(st.sampled_from((LOG, LOG, BACKUP, STANDBY)))
            found.append(snapshot(len(found), generation, since, now, kind))
        now += draw(st.integers(0, 2))
        found.append(snapshot(len(found), generation, since, now, LOG))
        since = now - draw(st.integers(0, 1))
    return units(found)


def restorable(found: list[Unit]) -> set[int]:
    return {second for second in range(200) if for_moment(found, at(second))}


@given(archives(), st.integers(1, 3))
def test_expiry_never_takes_a_second_that_the_oldest_kept_backup_promises(found: list[Unit], keep: int) -> None:
    gone = needless(found, keep)
    left = [unit for unit in found if unit not in gone]
    kept = [unit for unit in found if unit.is_backup][-keep:]
    assert [unit for unit in left if unit.is_backup] == (kept or [])
    if kept:
        begin = int((kept[0].reach.until - ZERO).total_seconds())
        assert restorable(left) >= {second for second in restorable(found) if second >= begin}
        assert newest(left) == newest(found) or newest(left).reach.until == newest(found).reach.until  # type: ignore[union-attr]


def test_log_goes_on_from_the_last_that_there_is_else_from_the_oldest_backup() -> None:
    backups = [snapshot(0, 0, 0, 10, BACKUP), snapshot(1, 0, 20, 20, STANDBY)]
    assert reached(units(backups)) == at(10)
    log = [snapshot(2, 0, 0, 15, LOG), snapshot(3, 1, 15, 30, LOG), snapshot(4, 0, 0, 17, LOG)]
    assert reached(units([*backups, *log])) == at(30)
    assert reached([]) is None


def test_a_moment_is_cut_from_the_files_of_the_node_that_was_the_primary_then() -> None:
    """A standby that was promoted at 50 has files since 5; its predecessor's reach to 48."""
    old = Snapshot("1" * 64, at(48), ("/old",), Reach(at(0), at(48), "a.1", 7, own=at(1)).tags(LOG))
    new = Snapshot("2" * 64, at(90), ("/new",), Reach(at(5), at(90), "a.1", 7, own=at(50)).tags(LOG))
    chosen = {second: for_moment(units([old, new]), at(second)) for second in (0, 6, 48, 49, 50, 90, 91)}
    paths = {second: unit.generation if unit else "" for second, unit in chosen.items()}
    assert paths == {0: "/old", 6: "/old", 48: "/old", 49: "/new", 50: "/new", 90: "/new", 91: ""}


@given(archives(), st.integers(1, 3))
def test_every_second_since_the_oldest_kept_backup_is_cut_from_the_primary_s_files(
    found: list[Unit], keep: int
) -> None:
    left = [unit for unit in found if unit not in needless(found, keep)]
    reach = newest(left)
    assert reach
    for backup in [unit for unit in left if unit.is_backup][:1]:
        second = backup.reach.until
        while second <= reach.reach.until:
            chosen = for_moment(left, second)
            assert chosen
            assert chosen.reach.source == ""
            second += timedelta(seconds=1)


@given(archives())
def test_what_later_copies_replace_takes_no_second_along(found: list[Unit]) -> None:
    left = [unit for unit in found if unit not in superseded(found)]
    assert restorable(left) == restorable(found)
    assert all(unit in left for unit in found if unit.is_backup)
    assert sum(not unit.is_backup for unit in left) <= len({unit.generation for unit in found})


def test_a_moment_is_restored_from_the_nearest_snapshot_before_it() -> None:
    found = units([snapshot(1, 1, 0, 50, LOG), snapshot(2, 2, 40, 90, LOG), snapshot(3, 2, 40, 60, BACKUP)])
    chosen = for_moment(found, at(45))
    assert chosen
    assert chosen.generation == "/held/2"
    assert for_moment(found, at(91)) is None
    assert units([Snapshot("f", ZERO, ("/x",), {"engine": "another"})]) == []


def test_a_standby_s_files_bring_back_the_newest_state_but_are_never_cut() -> None:
    found = units([snapshot(1, 1, 0, 50, LOG), snapshot(2, 1, 0, 60, STANDBY)])
    assert [unit.reach.source for unit in found] == ["", "node-2"]
    assert newest(found) == found[1]
    assert for_moment(found, at(60)) is None
    assert for_moment(found, at(50)) == found[0]
    assert superseded(found) == []
    again = units([snapshot(1, 1, 0, 60, LOG), snapshot(2, 1, 0, 60, STANDBY)])
    assert newest(again) == again[0], "what a lost primary wrote later continues its own files only"


def test_a_manifest_is_read_without_history_and_written_as_the_server_reads_it() -> None:
    text = "file a.7.base.rdb seq 7 type b\nfile a.6.incr.aof seq 6 type h\nfile a.7.incr.aof seq 7 type i\n"
    found = parse(text + "file a.8.incr.aof seq 8 type i startoffset 0\n")
    assert found.files == ("a.7.base.rdb", "a.7.incr.aof", "a.8.incr.aof")
    assert parse(found.text()) == found
    with pytest.raises(ValueError, match="not complete"):
        parse("file a.7.base.rdb seq 7 type b\n")


@pytest.mark.parametrize(
    ("numbers", "continued"),
    [([1], [1]), ([2], [1, 2]), ([1, 2], [1, 2]), ([2, 3], [1, 2, 3]), ([3], None)],
)
def test_a_generation_goes_on_while_no_file_is_missing(numbers: list[int], continued: list[int] | None) -> None:
    other = Manifest("b", tuple(Part(f"a.{number}", number) for number in numbers))
    longer = FIRST.followed_by(other)
    assert (longer and [part.number for part in longer.parts]) == continued


def test_a_file_that_began_anew_continues_nothing() -> None:
    later = Manifest("appendonly.aof.9.base.rdb", (Part("a.9", 9),))
    assert later.followed_by(FIRST) is None


def test_a_snapshot_tells_when_it_was_made() -> None:
    head = b"REDIS0011\xfa\nvalkey-ver\x058.1.1\xfa\x05ctime\xc2\x55\x0b\x08\x6b\xfa\x08used-mem"
    assert created(head) == 0x6B080B55
    assert created(b"\x05ctime\x0a4102444800\xfa") == 4102444800
    with pytest.raises(ValueError, match="when it was made"):
        created(b"REDIS0011")


def manifest(changes: int = 5, run: str = "r", **keys: int) -> dict[str, object]:
    return {"keys": keys, "run": run, "changes": changes}


def test_keys_are_compared_within_what_has_changed() -> None:
    before = manifest(db0=1000, db3=7)
    assert compare(before, manifest(), manifest(db0=1000, db3=7)).problems == []
    assert compare(before, manifest(), manifest(db0=7, db3=1000)).problems == [], "they may have been swapped"
    assert compare(before, manifest(), manifest(db0=999, db3=7)).problems == [
        "a database has 999 keys instead of 1,000"
    ]
    assert compare(before, manifest(changes=6), manifest(db0=999, db3=7)).problems == []
    assert compare(before, manifest(), manifest(db0=1000)).problems == ["a database has 0 keys instead of 7"]
    assert compare(before, manifest(run="another"), manifest(db0=1)).problems == [], "nobody knows what has changed"
    assert compare(before, manifest(), {}).problems == ["the copy's keys could not be counted"]


def test_what_the_server_says_is_counted() -> None:
    said = "OK\n# Server\r\nrun_id:ab12\r\n# Keyspace\r\ndb0:keys=10,expires=2,avg_ttl=0\r\ndb15:keys=1,expires=0\r\n"
    said += "expired_keys:3\r\nevicted_keys:2\r\nrdb_changes_since_last_save:12\r\n"
    assert counted(said) == {"keys": {"0": 10, "15": 1}, "run": "ab12", "changes": 17}
    assert counted("NOAUTH") == {}

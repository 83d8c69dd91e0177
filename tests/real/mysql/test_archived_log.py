"""The log of changes on its way into the archive: across a failover, and with holes that are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from datastores.sites.local.archive.contract import Look
from datastores.sites.local.archive.restic import Repository
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.binlogs.events import scan
from datastores.sites.local.binlogs.folder import Folder, Header
from datastores.sites.local.binlogs.transactions import Transactions
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql import LocalMySQL
from datastores.sites.local.mysql.archive import log
from datastores.sites.local.mysql.archive.keeping import DIRECTORY, repository_of
from datastores.sites.local.mysql.archive.segments import KIND, segments
from datastores.sites.local.mysql.archive.shipping import GAP
from host.waiting import wait_until
from tests.object_store import ObjectStore

from .group import Group, lost, roles, writing
from .test_handover import fail_over, rejoin

pytestmark = pytest.mark.real


@dataclass
class Watched:
    """A log that is looked at as if a minute had passed each time."""

    vault: Vault
    note: dict[str, Any] = field(default_factory=dict)
    minutes: int = 0

    @property
    def folder(self) -> Folder:
        return Folder(self.vault.directory, self.vault.key)

    def look(self, place: Place) -> Look:
        self.minutes += 1
        found = log.look(place, self.vault, self.note, timezone.now() + timedelta(minutes=self.minutes))
        self.note = dict(found.position)
        return found

    def chain(self) -> tuple[Transactions, bool]:
        """Return what the archive has, and whether each file follows from those before it."""
        headers = [self.folder.header(number) for number in self.folder.numbers()]
        have, whole = headers[0].before, True
        for header in headers:
            whole = whole and header.before <= have and not header.lacks & have
            have |= header.has
        return have, whole


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(Vault(tmp_path / "archive", "the-key-of-this-store"))


def executed(group: Group, place: Place) -> Transactions:
    return Transactions.parse(str(group.platform(place, "SELECT @@GLOBAL.gtid_executed")[0][0]))


def test_a_failover_under_load_and_the_way_back_leave_no_hole(engine: LocalMySQL, watched: Watched) -> None:
    group = Group(engine)
    try:
        primary, standby = group.store(1)
        with writing(group, primary) as writers:
            writers.reach(100)
            assert watched.look(primary).archived_until
            for _ in range(3):
                writers.reach(100)
                found = watched.look(primary)
                assert (found.problem, found.missing) == ("", "")
                assert found.archived_until
                assert found.arrived_at
            writers.reach(100)
            fail_over(group, primary, [standby])
        assert lost(group, standby, writers) == set()
        continues(group, watched, standby)
        before, later = watched.folder.numbers(), (timezone.now() + timedelta(days=1)).isoformat()
        watched.note["beaten_at"] = later
        assert watched.look(standby) == Look(watched.note)
        assert watched.folder.numbers() == before, "nothing was written, so nothing is archived"
        del watched.note["beaten_at"]
        rejoin(group, primary, standby)
        assert group.follows(primary, standby)
        fail_over(group, standby, [primary])
        continues(group, watched, primary)
    finally:
        group.remove()


def continues(group: Group, watched: Watched, place: Place) -> None:
    """Look at a new primary: its log goes on where that of the one before ended."""
    found = watched.look(place)
    assert (found.problem, found.missing) == ("", "")
    assert found.archived_until
    have, whole = watched.chain()
    assert whole
    assert executed(group, place) <= have


def test_in_a_bucket_the_next_primary_goes_on(group: Group, tmp_path: Path, object_store: ObjectStore) -> None:
    watched = Watched(Vault(tmp_path / "orders", "the-key-of-this-store", object_store.bucket))
    primary, standbys = roles(group)
    for place in (primary, *standbys):
        Repository.keep(place.directory / DIRECTORY, watched.vault)
    repository_of(primary).make()

    def arrives(place: Place) -> bool:
        found = watched.look(place)
        assert (found.problem, found.missing) == ("", "")
        return found.archived_until is not None

    with writing(group, primary) as writers:
        writers.reach(100)
        assert wait_until(lambda: arrives(primary), 20)
        writers.reach(100)
        arrives(primary)
        chosen = fail_over(group, primary, standbys)
    kept = watched.note["kept"]
    assert wait_until(lambda: arrives(chosen) and watched.note["kept"] > kept + 1, 20)
    have, whole = watched.chain()
    assert whole
    assert executed(group, chosen) <= have
    last = segments(repository_of(chosen).snapshots(kind=KIND))[-1]
    assert (last.first, last.last) == (1, watched.note["kept"])
    rejoin(group, primary, chosen)


def test_what_a_failover_lost_is_told_and_ends_what_was_before(group: Group, watched: Watched, tmp_path: Path) -> None:
    """A primary that waited for nobody had archived what its successor never got."""
    primary, _ = roles(group)
    watched.look(primary)
    newest = watched.folder.numbers()[-1]
    (tmp_path / "binlog").write_bytes(b"")
    ghost = Transactions.parse("00000000-71ca-11e1-9e33-c80aa9429562:1-3")
    watched.folder.add(newest + 1, Header(watched.folder.header(newest).through, ghost), tmp_path / "binlog")
    assert watched.look(primary).missing == "The archive has 3 transactions that the server lost."
    assert not watched.chain()[1]
    assert watched.folder.header(newest + 2).lacks == ghost
    assert watched.look(primary).missing == ""


def test_a_broken_archive_holds_nobody_up_and_is_caught_up_with(group: Group, watched: Watched, tmp_path: Path) -> None:
    primary, _ = roles(group)
    watched.look(primary)
    away = tmp_path / "away"
    watched.folder.directory.rename(away)
    watched.folder.directory.write_text("no directory")
    group.run(primary, "CREATE TABLE IF NOT EXISTS archived_kept (number BIGINT)")
    found = watched.look(primary)
    assert found.problem == log.NOT_ARRIVING
    assert found.archived_until is None
    group.run(primary, "INSERT INTO archived_kept VALUES (1)")
    watched.folder.directory.unlink()
    away.rename(watched.folder.directory)
    found = watched.look(primary)
    assert (found.problem, found.missing) == ("", "")
    assert found.archived_until
    have, whole = watched.chain()
    assert whole
    assert executed(group, primary) <= have
    watched.folder.path(watched.folder.numbers()[-2]).unlink()
    assert watched.look(primary).missing == GAP
    assert watched.look(primary).missing == ""


def test_log_that_never_reached_the_archive_is_told_once(engine: LocalMySQL, watched: Watched) -> None:
    """Because its files are gone; or because a copy has what its own log never had, as a standby's that takes over."""
    group = Group(engine)
    try:
        primary = group.primary()
        watched.look(primary)
        group.run(primary, "CREATE TABLE gone (number BIGINT)")
        group.platform(primary, "FLUSH BINARY LOGS")
        current = group.platform(primary, "SHOW BINARY LOGS")[-1][0]
        group.platform(primary, f"PURGE BINARY LOGS TO '{current}'")
        group.run(primary, "INSERT INTO gone VALUES (1)")
        assert watched.look(primary).missing == "One transaction never reached the archive."
        assert not watched.chain()[1]
        assert watched.look(primary).missing == ""
        group.platform(primary, "SET GLOBAL gtid_purged = '+00000000-71ca-11e1-9e33-c80aa9429562:1-3'")
        assert watched.look(primary).missing == "3 transactions never reached the archive."
        assert watched.look(primary).missing == ""
    finally:
        group.remove()


def test_a_torn_or_damaged_end_of_the_log_is_left_out(group: Group, tmp_path: Path) -> None:
    primary, _ = roles(group)
    group.platform(primary, "FLUSH BINARY LOGS")
    name = str(group.platform(primary, "SHOW BINARY LOGS")[-1][0])
    group.run(primary, "CREATE TABLE IF NOT EXISTS archived_torn (number BIGINT, text TEXT)")
    for number in range(5):
        group.run(primary, f"INSERT INTO archived_torn VALUES ({number}, 'x'), ({number}, 'y')")  # noqa: S608 - a number of ours
    content, file = (primary.data / name).read_bytes(), tmp_path / name
    file.write_bytes(content)
    whole = scan(file, verify=True)
    assert not whole.torn
    assert whole.transactions.count() == 6
    assert "defaultdb.archived_torn" in whole.touched
    for size in range(len(content) - 1, 200, -61):
        file.write_bytes(content[:size])
        found = scan(file, verify=True)
        assert found.end <= size
        assert found.transactions <= whole.transactions
        assert found.transactions != whole.transactions
        damaged = bytearray(content)
        damaged[size] ^= 0xFF
        file.write_bytes(damaged)
        assert scan(file, verify=True).transactions == found.transactions
    file.write_bytes(content)
    earlier = scan(file, until=whole.last_commit - 1)
    assert earlier.cut
    assert earlier.transactions.count() == 5

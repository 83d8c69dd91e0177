"""Expiry never takes what a promise still needs, whatever the backups and the moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from datastores.retention import Kept, base_of, expired, window

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
histories = st.sampled_from([timedelta(days=days) for days in (0, 1, 2, 3, 13, 14, 30)])
backups = st.lists(
    st.builds(
        Kept,
        label=st.uuids().map(str),
        finished=st.integers(0, 40 * 1440).map(lambda minutes: NOW - timedelta(minutes=minutes)),
        damaged=st.booleans(),
    ),
    max_size=45,
    unique_by=lambda kept: kept.finished,
)


def days_ago(days: float, *, damaged: bool = False) -> Kept:
    return Kept(f"{days} days ago", NOW - timedelta(days=days), damaged)


@given(backups, histories, st.integers(0, 30 * 1440))
def test_every_promised_moment_stays_restorable(kept: list[Kept], history: timedelta, minutes: int) -> None:
    moment = NOW - min(timedelta(minutes=minutes), history)
    gone = set(expired(kept, now=NOW, history=history))
    left = [each for each in kept if each.label not in gone]
    assert base_of(left, moment) == base_of(kept, moment)


@given(backups, histories)
def test_what_goes_is_older_than_what_stays_and_a_good_one_always_stays(kept: list[Kept], history: timedelta) -> None:
    gone = set(expired(kept, now=NOW, history=history))
    left = [each for each in kept if each.label not in gone]
    oldest = min((each.finished for each in left), default=NOW)
    assert all(each.finished < oldest for each in kept if each.label in gone)
    assert any(not each.damaged for each in left) == any(not each.damaged for each in kept)
    assert not expired(left, now=NOW, history=history), "asked again, nothing more goes"


@given(backups, histories, st.integers(0, 40 * 1440), st.integers(0, 600))
def test_every_second_of_the_window_has_a_backup_before_it(
    kept: list[Kept], history: timedelta, broken: int, behind: int
) -> None:
    unbroken = NOW - timedelta(minutes=broken)
    end = NOW - timedelta(seconds=behind)
    found = window(kept, now=NOW, history=history, archived_until=end, unbroken_since=unbroken)
    if found:
        assert found.start <= found.end == end
        assert found.start >= unbroken
        since = [each for each in kept if each.finished >= unbroken]
        assert base_of(since, found.start) is not None


def test_hobbyist_keeps_a_single_copy_for_disaster_recovery() -> None:
    kept = [days_ago(3), days_ago(2), days_ago(1)]
    assert expired(kept, now=NOW, history=timedelta(0)) == ["3 days ago", "2 days ago"]
    kept.append(days_ago(0, damaged=True))
    assert expired(kept, now=NOW, history=timedelta(0)) == ["3 days ago", "2 days ago"], "a damaged one replaces none"


def test_two_days_of_history_need_the_backup_from_before_them() -> None:
    kept = [days_ago(days) for days in (4, 3, 2.5, 1.5, 0.5)]
    assert expired(kept, now=NOW, history=timedelta(days=2)) == ["4 days ago", "3 days ago"]


def test_nothing_can_be_restored_before_the_log_is_archived_or_after_it_was_broken() -> None:
    kept = [days_ago(1)]
    assert window(kept, now=NOW, history=timedelta(days=2), archived_until=None) is None
    assert window(kept, now=NOW, history=timedelta(days=2), archived_until=NOW, unbroken_since=NOW) is None
    found = window(kept, now=NOW, history=timedelta(days=2), archived_until=NOW)
    assert found
    assert found.start == days_ago(1).finished

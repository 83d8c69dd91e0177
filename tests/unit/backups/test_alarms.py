"""Silence is an alarm, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from datastores.alarms import TITLES, ArchiveFacts, alarms

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WELL = ArchiveFacts(
    since=NOW - 100 * HOUR, archived_until=NOW - MINUTE, backup_at=NOW - HOUR, proof_at=NOW - HOUR, free=0.5
)


def test_an_archive_in_order_raises_none() -> None:
    assert alarms(WELL, NOW) == {}


def test_a_server_that_has_just_started_is_given_its_time() -> None:
    assert alarms(ArchiveFacts(NOW - 5 * MINUTE, None, None, None), NOW) == {}
    assert set(alarms(ArchiveFacts(NOW - 100 * HOUR, None, None, None), NOW)) == {"log", "backup", "proof"}


@pytest.mark.parametrize(
    ("changed", "alarm"),
    [
        ({"archived_until": NOW - 11 * MINUTE}, "log"),
        ({"backup_at": NOW - 27 * HOUR}, "backup"),
        ({"proof_at": NOW - 49 * HOUR}, "proof"),
        ({"newest_is_damaged": True}, "damaged"),
        ({"free": 0.05}, "space"),
    ],
)
def test_each_silence_raises_its_own(changed: dict[str, object], alarm: str) -> None:
    assert list(alarms(replace(WELL, **changed), NOW)) == [alarm]  # type: ignore[arg-type]
    assert alarm in TITLES


def test_the_reason_is_told_with_the_silence() -> None:
    facts = replace(WELL, archived_until=NOW - HOUR, problem="The disk of the archive is full.")
    assert alarms(facts, NOW)["log"].startswith(
        "Nothing of the last 60 minutes is archived. The disk of the archive is full."
    )

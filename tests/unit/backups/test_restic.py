"""What restic says, read as values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from datastores.sites.local.archive.contract import Progress
from datastores.sites.local.archive.errors import tells_of_damage
from datastores.sites.local.archive.restic import meaning, parse_progress, parse_snapshots

LISTED = """[
 {"time":"2026-11-26T15:02:23.5Z","paths":["/a"],"hostname":"store","tags":["kind=log","until=7=8"],"id":"bbbbbbbbbbbb",
  "summary":{"backup_start":"2026-11-26T15:02:23.5Z","backup_end":"2026-11-26T15:02:24.25Z",
             "data_added_packed":578,"total_bytes_processed":3000003}},
 {"time":"2026-11-26T16:02:20.514612362+01:00","paths":["/a","/b"],"id":"aaaaaaaaaaaa"}]"""


def test_snapshots_come_oldest_first_whatever_their_time_zone() -> None:
    old, new = parse_snapshots(LISTED)
    assert old.time == datetime(2026, 11, 26, 15, 2, 20, 514612, UTC)
    assert (old.paths, old.tags, old.size_bytes, old.finished) == (("/a", "/b"), {}, 0, None)
    assert new.tags == {"kind": "log", "until": "7=8"}
    assert (new.size_bytes, new.stored_bytes) == (3000003, 578)
    assert new.finished == datetime(2026, 11, 26, 15, 2, 24, 250000, UTC)
    assert new.label == "20261126-150223-bbbbbbbb"


def test_a_repository_without_snapshots_lists_none() -> None:
    assert parse_snapshots("[]") == parse_snapshots("null") == []


def test_progress_is_the_last_line_that_is_whole() -> None:
    first = '{"message_type":"status","total_bytes":100,"bytes_done":40}\n'
    assert parse_progress(first + '{"message_type":"status","total_by') == Progress(40, 100)
    assert parse_progress("") is None
    assert parse_progress('{"message_type":"status","percent_done":0}') is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("Fatal: wrong password or no key found", "The archive can't be opened with its key."),
        ("blob 12 ciphertext verification failed", "A file of the archive is damaged, or was stored with another key."),
        ("write /a/b: no space left on device", "The disk of the archive is full."),
        ("secret/path: something new", "The archiver refused; the log says why."),
    ],
)
def test_its_words_are_translated_and_unknown_ones_not_shown(words: str, sentence: str) -> None:
    assert meaning(words) == sentence


@pytest.mark.parametrize(
    ("words", "damage"),
    [
        ("Fatal: unable to open repository: connection refused", False),
        ("Fatal: Access Denied.", False),
        ("Fatal: ciphertext verification failed", True),
        ("Fatal: no matching ID found for prefix", True),
        ("something new", True),
    ],
)
def test_an_archive_that_can_not_be_asked_is_not_a_damaged_one(words: str, damage: bool) -> None:
    assert tells_of_damage(meaning(words)) is damage

"""A copy is held against the manifest: what was not touched must be equal, what was written is allowed for, nothing more."""

from __future__ import annotations

import pytest

from datastores.sites.local.postgresql.archive.counting import compare
from datastores.sites.local.postgresql.archive.segments import first_missing, number_of, part_of_name, position

BEFORE = {"shop": [["public", "orders", 100, 0, 16384, 100]]}


def now(inserted: int = 100, deleted: int = 0, file: int = 16384) -> dict[str, list[list[object]]]:
    return {"shop": [["public", "orders", inserted, deleted, file]]}


def copy(rows: int) -> dict[str, list[list[object]]]:
    return {"shop": [["public", "orders", 0, 0, 16384, rows]]}


@pytest.mark.parametrize(
    ("later", "rows", "good"),
    [
        (now(), 100, True),
        (now(), 99, False),
        (now(), 101, False),
        (now(inserted=110), 107, True),
        (now(inserted=110), 111, False),
        (now(deleted=5), 95, True),
        (now(deleted=5), 94, False),
        (now(file=16999), 3, True),  # rewritten or truncated since
        (now(inserted=3), 42, True),  # the statistics began anew
    ],
)
def test_rows_lie_within_what_was_written_since(later: dict[str, object], rows: int, good: bool) -> None:
    found = compare(BEFORE, later, copy(rows))
    assert bool(found.problems) is not good
    assert (found.tables, found.rows) == (1, rows)


def test_what_is_missing_is_named_unless_it_was_dropped() -> None:
    assert compare(BEFORE, now(), {"shop": []}).problems == ["shop: public.orders is missing"]
    assert compare(BEFORE, now(), {}).problems == ["database shop is missing"]
    assert compare(BEFORE, {"shop": []}, {"shop": []}).problems == []
    assert compare(BEFORE, {}, {}).problems == []


def test_log_files_are_numbered_across_timelines() -> None:
    assert number_of("000000010000000000000003-abc.zst") == number_of("000000020000000000000003") == 3
    assert number_of("000000010000000100000000") == 256
    assert part_of_name(256) == "0000000100000000"
    assert number_of("00000002.history") is None
    assert position("1/2000028") == (1 << 32) + 0x2000028
    assert first_missing([3, 4, 6], 3, 6) == 5
    assert first_missing([3, 4, 5], 3, 5) is None

"""Which files of the log of changes stay when the disk fills."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datastores.sites.local.mysql.room import FILES_KEPT, first_kept


@given(count=st.integers(0, 200))
def test_the_newest_eight_stay(count: int) -> None:
    names = [f"binlog.{number:06}" for number in range(count)]
    first = first_kept(names)
    kept = names[names.index(first) :] if first else names
    assert len(kept) == min(count, FILES_KEPT)
    assert kept == names[len(names) - len(kept) :]

"""Which files of the log of changes stay when the disk fills."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datastores.sites.local.mysql.room import first_kept


@given(sizes=st.lists(st.integers(1, 100), max_size=50), most=st.integers(1, 1000))
def test_the_newest_stay_as_far_as_they_fit(sizes: list[int], most: int) -> None:
    files = [(f"binlog.{number:06}", size) for number, size in enumerate(sizes)]
    names = [name for name, _ in files]
    first = first_kept(files, most)
    kept = sizes[names.index(first) :] if first else sizes
    assert sum(kept) <= most or len(kept) <= 1
    assert kept == sizes[len(sizes) - len(kept) :]
    if first:
        assert sum(sizes[names.index(first) - 1 :]) > most, "nothing is given up that fits"

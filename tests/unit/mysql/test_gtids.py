"""Sets of transactions, counted and cleaned."""

from __future__ import annotations

import pytest

from datastores.sites.local.mysql.gtids import count, plain, without_owners

ONE, TWO = "82d3255c-e990-11f1-9f07-02fc00000001", "dc110c94-e990-11f1-82cb-02fc00000001"


@pytest.mark.parametrize(
    ("transactions", "number"),
    [
        ("", 0),
        (f"{ONE}:7", 1),
        (f"{ONE}:1-18", 18),
        (f"{ONE}:1-18:20:30-31", 21),
        (f"{ONE}:1-3,\n{TWO}:5-6", 5),
        (f"{ONE}:1-3:nightly:1-2:9", 6),
    ],
)
def test_count(transactions: str, number: int) -> None:
    assert count(transactions) == number


def test_owners_are_no_part_of_a_set() -> None:
    assert without_owners(f"{ONE}:19#4:20#5#6,{TWO}:1#7") == f"{ONE}:19:20,{TWO}:1"


def test_a_set_on_several_lines_is_one() -> None:
    assert plain(f"{ONE}:1,\n{TWO}:2") == f"{ONE}:1,{TWO}:2"

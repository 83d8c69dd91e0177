"""MySQL's archived log as files: sets of transactions, sealed files, and chains that end where something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.sites.local.binlogs import sealed
from datastores.sites.local.binlogs.folder import Folder, Header
from datastores.sites.local.binlogs.sealed import SealError
from datastores.sites.local.binlogs.transactions import NONE, Transactions
from datastores.sites.local.mysql.archive.counting import compare

A, B = "3e11fa47-71ca-11e1-9e33-c80aa9429562", "4e11fa47-71ca-11e1-9e33-c80aa9429562"
KEY = "the-key-of-this-store"
members = st.sets(st.tuples(st.sampled_from([A, B, f"{A}:tag"]), st.integers(1, 40)), max_size=40)
Members = set[tuple[str, int]]


def made(members: Members) -> Transactions:
    sources: dict[str, list[int]] = {}
    for source, number in members:
        sources.setdefault(source, []).append(number)
    return Transactions.of(sources)


def of(transactions: Transactions) -> Members:
    spans = transactions.sources.items()
    return {(name, each) for name, given in spans for first, last in given for each in range(first, last + 1)}


@given(left=members, right=members)
def test_they_are_sets(left: Members, right: Members) -> None:
    one, two = made(left), made(right)
    assert of(one | two) == left | right
    assert of(one - two) == left - right
    assert of(one & two) == left & right
    assert (one <= two) is (left <= right)
    assert bool(one) is bool(left)
    assert one.count() == len(left)
    assert of(Transactions.parse(str(one))) == left


def test_mysql_s_own_writing_is_read() -> None:
    text = f"{A.upper()}:1-5:7:tag:1-2:4,\n{B}:9"
    assert str(Transactions.parse(text)) == f"{A}:1-5:7,{A}:tag:1-2:4,{B}:9"
    assert str(Transactions.parse("")) == ""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "archive", KEY)
    content = tmp_path / "binlog.000001"
    content.write_bytes(b"a row that is secret" * 100_000)
    for number in (1, 2, 3):
        made.add(number, Header(NONE, Transactions.parse(f"{A}:{number}"), until="2026-11-26T15:00:00+00:00"), content)
    return made


def test_a_sealed_file_says_what_it_has_and_comes_back(folder: Folder, tmp_path: Path) -> None:
    assert folder.numbers() == [1, 2, 3]
    assert folder.header(2).through == Transactions.parse(f"{A}:2")
    folder.open_into(2, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "binlog.000001").read_bytes()
    assert b"secret" not in folder.path(2).read_bytes()
    assert A.encode() not in folder.path(2).read_bytes()


@pytest.mark.parametrize("harm", ["changed", "cut", "cut at a chunk", "another's place", "another key", "emptied"])
def test_a_file_that_is_not_the_one_that_was_stored_is_not_opened(folder: Folder, tmp_path: Path, harm: str) -> None:
    path, content = folder.path(2), folder.path(2).read_bytes()
    match harm:
        case "changed":
            path.write_bytes(content[:-30] + bytes([content[-30] ^ 1]) + content[-29:])
        case "cut":
            path.write_bytes(content[:-5])
        case "cut at a chunk":
            path.write_bytes(content[:-20])  # the last chunk: its length and its tag
        case "another's place":
            path.write_bytes(folder.path(1).read_bytes())
        case "another key":
            folder = Folder(tmp_path / "archive", "another key")
        case _:
            path.write_bytes(b"")
    with pytest.raises(SealError):
        folder.open_into(2, tmp_path / "back")


def test_what_no_backup_needs_is_removed_but_never_the_last(folder: Folder) -> None:
    folder.remove_before(2)
    assert (folder.numbers(), folder.first()) == ([2, 3], 2)
    folder.remove_before(9)
    assert (folder.numbers(), folder.first()) == ([3], 3)


def test_half_written_files_count_for_nothing(folder: Folder) -> None:
    folder.path(4).with_name(f".{folder.path(4).name}.new").write_bytes(sealed.MAGIC)
    assert folder.numbers() == [1, 2, 3]


MANIFEST = {"through": f"{A}:1-50", "tables": {"shop.orders": 100}}


def copy(rows: int, **touched: str) -> dict[str, object]:
    return {"through": "", "tables": {"shop.orders": rows}, "touched": touched}


@pytest.mark.parametrize(
    ("found", "good"),
    [
        (copy(100), True),
        (copy(99), False),
        (copy(99, **{"shop.orders": f"{A}:50"}), False),  # written before the count
        (copy(99, **{"shop.orders": f"{A}:51"}), True),
        (copy(99, **{"shop.others": f"{A}:51"}), False),
        (copy(99, orders=f"{A}:51"), True),  # named in a statement, such as TRUNCATE
        (copy(99, **{"*": f"{A}:51"}), True),
        ({"through": "", "tables": {}, "touched": {"shop": f"{A}:60"}}, True),  # such as DROP DATABASE
        ({"through": "", "tables": {}, "touched": {}}, False),
    ],
)
def test_a_table_that_was_not_written_to_must_be_equal(found: dict[str, object], good: bool) -> None:
    assert bool(compare(MANIFEST, found).problems) is not good

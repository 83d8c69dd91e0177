"""From plan to settings: monotone, within the plan's memory, and exact in its connections."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datastores.engines.postgresql.settings import memory, server_settings
from datastores.limits import PlanFacts, postgresql_connections
from datastores.sites.local.postgresql.configuration import render

RAM = st.integers(1, 256)
STORAGE = st.integers(4, 4096)
DEVELOPMENT = st.booleans()
CONNECTIONS = ("max_connections", "superuser_reserved_connections", "reserved_connections")


def mib(value: object) -> int:
    text = str(value)
    assert text.endswith("MB")
    return int(text[:-2])


def settings(ram_gib: int, storage_gib: int, development: bool) -> dict[str, object]:
    connections = postgresql_connections(PlanFacts("startup", ram_gib, 1))
    return dict(
        server_settings(
            ram_gib=ram_gib,
            connections=connections,
            storage_gib=storage_gib,
            development=development,
        )
    )


@given(RAM, DEVELOPMENT)
def test_all_connections_at_work_fit_into_the_plan(ram_gib: int, development: bool) -> None:
    connections = postgresql_connections(PlanFacts("startup", ram_gib, 1))
    division = memory(ram_mib=ram_gib * 1024, connections=connections, development=development)
    assert division.peak(connections) <= ram_gib * 1024
    assert division.effective_cache_size <= ram_gib * 1024


@given(RAM, RAM, STORAGE, STORAGE, DEVELOPMENT)
def test_a_bigger_plan_never_gets_less(
    ram: int,
    more_ram: int,
    storage: int,
    more_storage: int,
    development: bool,
) -> None:
    small = settings(min(ram, more_ram), min(storage, more_storage), development)
    big = settings(max(ram, more_ram), max(storage, more_storage), development)
    sized = [name for name, value in small.items() if str(value).endswith("MB")]
    assert {"shared_buffers", "work_mem", "max_wal_size", "temp_file_limit"} <= set(sized)
    assert all(mib(small[name]) <= mib(big[name]) for name in sized)


@given(RAM, STORAGE)
def test_limits_are_the_same_in_development(ram_gib: int, storage_gib: int) -> None:
    full, development = settings(ram_gib, storage_gib, False), settings(ram_gib, storage_gib, True)
    for name in (*CONNECTIONS, "max_wal_senders"):
        assert full[name] == development[name]


@given(RAM, STORAGE, DEVELOPMENT)
def test_what_is_left_is_the_plans(ram_gib: int, storage_gib: int, development: bool) -> None:
    found = settings(ram_gib, storage_gib, development)
    total, superuser, reserved = (int(str(found[name])) for name in CONNECTIONS)
    assert total - superuser - reserved == 25 * ram_gib


@given(STORAGE)
def test_logs_of_changes_and_temporary_files_leave_room_for_data(storage_gib: int) -> None:
    found = settings(4, storage_gib, False)
    taken = sum(mib(found[name]) for name in ("max_wal_size", "max_slot_wal_keep_size", "temp_file_limit"))
    assert taken <= storage_gib * 1024 // 2


def test_a_hobbyist_plan() -> None:
    found = settings(1, 8, False)
    assert (found["shared_buffers"], found["work_mem"], found["max_wal_size"]) == ("256MB", "10MB", "512MB")
    assert found["fsync"] is True
    assert found["full_page_writes"] is True


def test_values_are_quoted_as_their_reader_unquotes_them() -> None:
    written = render({"a": "it's", "b": "C:\\x", "c": True, "d": False, "e": 7, "f": 1.5})
    assert written == "a = 'it''s'\nb = 'C:\\\\x'\nc = on\nd = off\ne = 7\nf = 1.5\n"

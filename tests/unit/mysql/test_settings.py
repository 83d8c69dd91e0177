"""From plan to settings: monotone, within the plan's memory, and exact in its connections."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datastores.engines.mysql.settings import memory, server_settings
from datastores.limits import PlanFacts, mysql_connections
from datastores.sites.local.mysql.option_file import render

RAM = st.integers(1, 256)
STORAGE = st.integers(4, 4096)
DEVELOPMENT = st.booleans()
SIZED = {"innodb_buffer_pool_size", "temptable_max_ram", "innodb_redo_log_capacity", "max_binlog_size"}


def connections(ram_gib: int) -> int:
    return mysql_connections(PlanFacts("startup", ram_gib, 1))


def settings(ram_gib: int, storage_gib: int, development: bool) -> dict[str, object]:
    return dict(
        server_settings(
            ram_gib=ram_gib,
            connections=connections(ram_gib),
            storage_gib=storage_gib,
            development=development,
        )
    )


def mib(value: object) -> int:
    text = str(value)
    assert text.endswith("M")
    return int(text[:-1])


@given(RAM, DEVELOPMENT)
def test_all_connections_at_work_fit_into_the_plan(ram_gib: int, development: bool) -> None:
    division = memory(ram_gib=ram_gib, connections=connections(ram_gib), development=development)
    assert division.peak(connections(ram_gib)) <= ram_gib * 1024


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
    assert all(mib(small[name]) <= mib(big[name]) for name in SIZED)


@given(RAM)
def test_most_of_a_large_plan_is_cache(ram_gib: int) -> None:
    pool = memory(ram_gib=ram_gib, connections=connections(ram_gib), development=False).buffer_pool
    assert pool >= ram_gib * 1024 * (0.4 if ram_gib < 4 else 0.45)


@given(RAM, STORAGE)
def test_limits_are_the_same_in_development(ram_gib: int, storage_gib: int) -> None:
    for development in (True, False):
        found = settings(ram_gib, storage_gib, development)
        assert found["max_connections"] == connections(ram_gib)
        assert int(str(found["open_files_limit"])) >= 5 * connections(ram_gib)


@given(RAM, STORAGE, DEVELOPMENT)
def test_logs_and_temporary_files_leave_most_of_the_disk(ram: int, storage: int, development: bool) -> None:
    found = settings(ram, storage, development)
    temporary = mib(str(found["innodb_temp_data_file_path"]).rpartition(":")[2])
    assert mib(found["innodb_redo_log_capacity"]) + temporary + mib(found["max_binlog_size"]) <= storage * 1024 // 4


def test_development_is_small_and_unobserved() -> None:
    found = settings(16, 350, True)
    assert found["innodb_buffer_pool_size"] == "32M"
    assert found["performance_schema"] is False
    assert settings(4, 80, False)["performance_schema"] is True
    assert settings(1, 8, False)["performance_schema"] is False


def test_what_protects_the_host_is_set_whatever_the_plan() -> None:
    found = settings(1, 8, True)
    assert found["secure_file_priv"] == "NULL"
    assert found["local_infile"] is False
    assert found["require_secure_transport"] is True
    assert found["partial_revokes"] is True
    assert found["persisted_globals_load"] is False
    assert found["mysqlx"] is False


def test_the_option_file_quotes_text_only() -> None:
    assert render({"a": True, "b": False, "c": 7, "d": "x # y\\z"}) == (
        '[mysqld]\na = ON\nb = OFF\nc = 7\nd = "x # y\\\\z"\n'
    )

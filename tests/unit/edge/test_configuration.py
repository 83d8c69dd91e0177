"""The rendered configuration: the same rows give the same text, each slot says what its row says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.sites.local.edge import Address, EdgeError, EdgeSettings, Slot, configuration
from datastores.sites.local.edge.configuration import COMMON_FILE, fingerprint, render
from host.paths import Home

SETTINGS = EdgeSettings(
    home=Home(Path("/srv/head water's")), program=Path("/usr/sbin/haproxy"), slots=8, open_files=20_000
)
EVERYBODY = ("0.0.0.0/0", "::/0")

servers = st.lists(st.builds(Address, st.just("127.0.0.1"), st.integers(1, 65535)), max_size=3, unique=True)
slots = st.dictionaries(st.integers(1, SETTINGS.slots), st.tuples(servers, st.booleans())).map(
    lambda rows: [
        Slot(number, SETTINGS.first_port + number - 1, tuple(leads), EVERYBODY if open_to_all else ())
        for number, (leads, open_to_all) in rows.items()
    ]
)


def text_of(slot: Slot, settings: EdgeSettings = SETTINGS) -> str:
    return render(settings, [slot])[settings.directory / f"{slot.name}.cfg"]


def mark(settings: EdgeSettings, rows: Sequence[Slot] = ()) -> str:
    return fingerprint(settings, settings.complete(rows).values())


@given(slots, st.randoms())
def test_the_order_of_the_rows_does_not_matter(rows: list[Slot], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert render(SETTINGS, shuffled) == render(SETTINGS, rows)


@given(slots)
def test_every_slot_is_declared_once_and_leads_where_its_row_says(rows: list[Slot]) -> None:
    files = render(SETTINGS, rows)
    assert len(files) == 2 * SETTINGS.slots + 1
    owned = {slot.number: slot for slot in rows}
    for number in range(1, SETTINGS.slots + 1):
        text = files[SETTINGS.directory / f"slot-{number:04d}.cfg"]
        leads = owned[number].servers if number in owned else ()
        for index, name in enumerate(("primary", "second", "third")):
            address = leads[index] if index < len(leads) else "127.0.0.1:1 disabled"
            assert f"    server {name} {address}\n" in text
        assert f"bind 127.0.0.1:{SETTINGS.first_port + number - 1}\n" in text
        allowed = owned[number].allowed if number in owned else ()
        assert files[SETTINGS.directory / f"slot-{number:04d}.acl"].split() == list(allowed)


@given(slots)
def test_servers_and_access_lists_need_no_restart(rows: list[Slot]) -> None:
    assert mark(SETTINGS, rows) == mark(SETTINGS)
    assert f"description {mark(SETTINGS)}\n" in render(SETTINGS, rows)[SETTINGS.directory / COMMON_FILE]


@pytest.mark.parametrize(
    "changed",
    [{"first_port": 22000}, {"slots": 9}, {"bind": ("127.0.0.1",)}, {"threads": 2}],
    ids=lambda changed: next(iter(changed)),
)
def test_ports_addresses_and_threads_need_a_restart(changed: dict[str, object]) -> None:
    other = replace(SETTINGS, **changed)  # type: ignore[arg-type]
    assert mark(other) != mark(SETTINGS)


def test_an_edge_that_knows_fewer_servers_needs_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    now = mark(SETTINGS)
    monkeypatch.setattr(configuration, "SERVERS", ("primary",))
    assert mark(SETTINGS) != now


def test_another_shells_limits_need_no_restart() -> None:
    other = replace(SETTINGS, open_files=4096)
    assert mark(other) == mark(SETTINGS)


def test_no_access_list_means_everybody_is_turned_away() -> None:
    text = text_of(Slot(3, 21002, (Address("127.0.0.1", 23000),)))
    assert "tcp-request connection reject unless { src -f slot-0003.acl }\n" in text
    assert render(SETTINGS, [])[SETTINGS.directory / "slot-0003.acl"] == ""


def test_both_families_listen() -> None:
    assert "    bind [::1]:21002 v6only\n" in text_of(Slot(3, 21002))


def test_a_row_keeps_its_port_when_the_first_port_moves() -> None:
    moved = replace(SETTINGS, first_port=22000)
    assert "bind 127.0.0.1:21002\n" in text_of(Slot(3, 21002), moved)


def test_two_slots_on_one_port_are_refused() -> None:
    with pytest.raises(EdgeError, match="Slots 3 and 5 of the edge both want port 21004"):
        render(SETTINGS, [Slot(3, 21004)])


def test_a_slot_beyond_the_declared_ones_is_refused() -> None:
    with pytest.raises(EdgeError, match="Slot 9 is not among the 8 slots") as refused:
        render(SETTINGS, [Slot(9, 21008)])
    assert "HEADWATER_EDGE_SLOTS to at least 9" in refused.value.remedy


def test_an_odd_home_is_quoted() -> None:
    common = render(SETTINGS, [])[SETTINGS.directory / COMMON_FILE]
    assert "stats socket '/srv/head water'\\''s/run/edge.sock' mode 600 level admin\n" in common


@given(st.integers(1024, 1_000_000), st.integers(1, 2000))
def test_sessions_fit_the_files_that_may_be_open(open_files: int, count: int) -> None:
    settings = replace(SETTINGS, open_files=open_files, slots=count)
    assert settings.sessions == 100 or 2 * settings.sessions + count * len(settings.bind) <= open_files
    assert settings.sessions_per_slot < settings.sessions


def test_one_slot_holds_the_largest_plan_on_an_ordinary_machine() -> None:
    assert replace(SETTINGS, open_files=180_000, slots=500).sessions_per_slot > 65_536

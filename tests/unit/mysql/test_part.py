"""What part a node has: what is kept over a change of it, and what its option file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.part import Part, Role, as_primary, as_standby, read_part, update_part

SOURCE, OTHER = (Place(name, Path("/") / name, Path("/") / name, port) for name, port in (("node-a", 1), ("node-b", 2)))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place("node-c", tmp_path / "node-c", tmp_path / "run", 3)


def text(place: Place) -> str:
    return (place.configuration / "part.cnf").read_text()


def test_a_node_of_before_there_were_parts_is_a_primary_that_waits_for_nobody(place: Place) -> None:
    assert read_part(place) == Part(Role.PRIMARY)


def test_it_is_read_back_as_it_was_written(place: Place) -> None:
    part = Part(Role.PRIMARY, told=("node-a",), acknowledging=("node-a", "node-b"), standbys=(("node-a", 1),))
    assert update_part(place, lambda _: part) == part == read_part(place)


@pytest.mark.parametrize("role", Role)
def test_only_a_primary_starts_writable_and_waits(place: Place, role: Role) -> None:
    update_part(place, lambda _: Part(role, told=("node-a",)))
    assert ("super_read_only = ON" in text(place)) is (role != Role.PRIMARY)
    assert ("source_enabled = ON" in text(place)) is (role == Role.PRIMARY)
    assert ("init_file" in text(place)) is (role == Role.STANDBY)
    assert "relay_log_recovery = OFF" in text(place)


def test_a_standby_confirms_for_the_same_source_only() -> None:
    confirms = Part(Role.STANDBY, source="node-a", source_port=1, acknowledges=True)
    assert as_standby(confirms, SOURCE).acknowledges
    assert not as_standby(confirms, OTHER).acknowledges
    assert not as_standby(Part(Role.PRIMARY), SOURCE).acknowledges


@pytest.mark.parametrize("role", [Role.STANDBY, Role.PROMOTING, Role.STEPPED_DOWN])
def test_who_was_no_primary_does_not_start_as_one(role: Role) -> None:
    part = as_primary(Part(role, source="node-a", source_port=1), ["node-b"])
    assert (part.role, part.told, part.unsettled, part.source) == (Role.PROMOTING, ("node-b",), True, "")


def test_a_primary_stays_one() -> None:
    assert as_primary(Part(Role.PRIMARY), ()) == Part(Role.PRIMARY)

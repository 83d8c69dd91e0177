"""What a cache node's files say of its part: written, read back, with the replication's connections on top."""

from __future__ import annotations

from pathlib import Path

import pytest

from datastores.engines.cache import CacheSettings
from datastores.limits import PlanFacts
from datastores.sites.local.cache import LocalCache
from datastores.sites.local.cache.configuration import MADE_FILE, PART_FILE, SETTINGS_FILE, written_limit
from datastores.sites.local.cache.logins import LOGINS_FILE, standard_logins, tenant_digests, write_logins
from datastores.sites.local.cache.names import standby_password
from datastores.sites.local.cache.part import Part, Source, read_part, write_part
from datastores.sites.local.engine import Place, Sizing

PLAN = Sizing(PlanFacts("business", ram_gib=4, node_count=2), storage_gib=8, development=True)


def made(tmp_path: Path, name: str, port: int) -> Place:
    place = Place(name, tmp_path / name, tmp_path / "run" / name, port)
    LocalCache().initialise(place.data)
    LocalCache().configure(place, PLAN)
    return place


@pytest.fixture
def node(tmp_path: Path) -> Place:
    return made(tmp_path, "node-1", 31_901)


@pytest.fixture
def other(tmp_path: Path) -> Place:
    return made(tmp_path, "node-2", 31_902)


@pytest.mark.parametrize("part", [Part(), Part(standbys=2), Part(Source("node-2", 31_902))])
def test_what_is_written_is_read_back(node: Place, part: Part) -> None:
    write_part(node, part)
    assert read_part(node) == part
    assert written_limit(node) == 16_384 + part.links
    LocalCache().configure(node, PLAN)
    assert (read_part(node), written_limit(node)) == (part, 16_384 + part.links)


def test_the_limit_follows_the_plan(node: Place) -> None:
    write_part(node, Part(standbys=1))
    LocalCache().configure(node, Sizing(PlanFacts("business", 8, 2), 8, development=True))
    assert written_limit(node) == 32_769


def test_a_standby_names_its_source_and_logs_in_to_it(node: Place, other: Place) -> None:
    LocalCache().write_part(node, other, ())
    text = (node.configuration / PART_FILE).read_text()
    assert "replicaof 127.0.0.1 31902\n" in text
    assert f'masterauth "{standby_password("node-2")}"\n' in text
    assert (node.configuration / PART_FILE).stat().st_mode & 0o777 == 0o600
    LocalCache().write_part(node, None, ())
    text = (node.configuration / PART_FILE).read_text()
    assert "replicaof" not in text
    assert "master" not in text


def test_a_primary_keeps_room_for_its_standbys_over_a_restart(node: Place) -> None:
    write_part(node, Part(standbys=2))
    LocalCache().write_part(node, None, ())
    assert written_limit(node) == 16_386


def test_a_standby_has_the_tenants_logins_of_its_source(node: Place, other: Place) -> None:
    write_logins(other, standard_logins(other, {"hwadmin": "a" * 64, "app": "b" * 64}), CacheSettings())
    LocalCache().write_part(node, other, ())
    assert tenant_digests(node) == {"hwadmin": "a" * 64, "app": "b" * 64}
    (other.configuration / LOGINS_FILE).unlink()
    LocalCache().write_part(node, other, ())
    assert tenant_digests(node) == {"hwadmin": "a" * 64, "app": "b" * 64}, "kept where the source's are lost"


def test_directories_of_before_there_were_marks_are_marked_once(node: Place) -> None:
    (node.data / MADE_FILE).unlink()
    LocalCache().configure(node, PLAN)
    assert not (node.data / MADE_FILE).exists(), "lost data must not be taken for old ones"
    settings = node.configuration / SETTINGS_FILE
    settings.write_text(settings.read_text().replace(MADE_FILE, ""))
    LocalCache().configure(node, PLAN)
    assert (node.data / MADE_FILE).exists()

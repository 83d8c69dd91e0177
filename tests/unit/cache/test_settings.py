"""From plan to settings: exact in its clients, within the plan's memory, the same in both sizings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.engines.cache import CacheSettings, Eviction
from datastores.engines.cache.settings import max_memory_mib, open_files, server_settings
from datastores.limits import PlanFacts, cache_clients
from datastores.sites.local.cache.configuration import render

RAM = st.integers(1, 256)
CHOICES = st.builds(
    CacheSettings, lua=st.booleans(), eviction=st.sampled_from(Eviction), min_replicas=st.integers(0, 5)
)


def settings(ram_gib: int, choices: CacheSettings, *, development: bool = False) -> dict[str, object]:
    clients = cache_clients(PlanFacts("startup", ram_gib, 1))
    return dict(server_settings(ram_gib=ram_gib, clients=clients, development=development, settings=choices))


@pytest.mark.parametrize(("ram_gib", "clients"), [(1, 10_000), (4, 16_384), (8, 32_768), (16, 65_536)])
def test_the_clients_are_the_specifications(ram_gib: int, clients: int) -> None:
    assert settings(ram_gib, CacheSettings())["maxclients"] == clients
    assert open_files(clients) >= clients + 32 + 8  # the engine's own files and the platform's session


@given(RAM, CHOICES)
def test_limits_are_the_same_in_development(ram_gib: int, choices: CacheSettings) -> None:
    full, development = settings(ram_gib, choices), settings(ram_gib, choices, development=True)
    differing = {name for name in full if full[name] != development[name]}
    assert differing == {"repl-backlog-size"}


@given(RAM)
def test_data_and_its_surroundings_fit_into_the_plan(ram_gib: int) -> None:
    memory = max_memory_mib(ram_gib)
    backlog = int(str(settings(ram_gib, CacheSettings())["repl-backlog-size"]).removesuffix("mb"))
    assert 0 < memory + memory // 4 + backlog < ram_gib * 1024
    assert max_memory_mib(ram_gib + 1) > memory


@given(CHOICES)
def test_choices_survive_being_stored(choices: CacheSettings) -> None:
    assert CacheSettings.from_stored(choices.stored()) == choices


def test_what_was_never_stored_has_its_default() -> None:
    assert CacheSettings.from_stored({}) == CacheSettings(lua=True, eviction=Eviction.NOEVICTION)


@given(CHOICES, st.integers(0, 2))
def test_a_write_never_needs_more_standbys_than_the_plan_has(choices: CacheSettings, standbys: int) -> None:
    written = server_settings(ram_gib=4, clients=1, development=False, settings=choices, standbys=standbys)
    assert written["min-replicas-to-write"] == min(choices.min_replicas, standbys)
    if choices.min_replicas > standbys:
        with pytest.raises(ValueError, match="not a number of standbys"):
            choices.for_plan(standbys)
    else:
        assert choices.for_plan(standbys) == choices


@pytest.mark.parametrize("stored", [{"lua": "no"}, {"eviction": "sometimes"}, {"eviction": "noeviction\nport 1"}])
def test_nonsense_is_refused(stored: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"true nor false|not a valid"):
        CacheSettings.from_stored(stored)


@given(RAM, CHOICES)
def test_one_setting_per_line_and_code_stays_out(ram_gib: int, choices: CacheSettings) -> None:
    text = render(server_settings(ram_gib=ram_gib, clients=10_000, development=False, settings=choices))
    names = [line.split(" ", 1)[0] for line in text.splitlines()]
    assert len(names) == len(set(names))
    for name in ("enable-module-command", "enable-debug-command", "enable-protected-configs"):
        assert f'{name} "no"\n' in text
    assert "maxclients 10000\n" in text


def test_values_are_quoted_as_the_server_reads_them() -> None:
    assert render({"dir": '/a "b" \\c', "port": 0, "appendonly": True, "save": ""}) == (
        'dir "/a \\"b\\" \\\\c"\nport 0\nappendonly yes\nsave ""\n'
    )

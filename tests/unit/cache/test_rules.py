"""Who may do what: the rules' own invariants. What they come to in a server is tested on a real one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.engines.cache import CacheSettings, Eviction
from datastores.engines.cache.rules import FUNCTIONS, REFUSED, SCRIPTING, LoginKind, access_rules

CHOICES = st.builds(CacheSettings, lua=st.booleans(), eviction=st.sampled_from(Eviction))
# The specification's lists, word for word.
FIRST = {
    "bgrewriteaof",
    "cluster",
    "command",
    "debug",
    "failover",
    "migrate",
    "role",
    "slaveof",
    "acl",
    "bgsave",
    "config",
    "lastsave",
    "monitor",
    "replicaof",
    "save",
    "shutdown",
}
SECOND = {"eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro", "function", "script"}


def test_the_lists_are_the_specifications() -> None:
    assert set(REFUSED) == FIRST
    assert {*SCRIPTING, *FUNCTIONS} == SECOND


@given(CHOICES)
def test_refusals_have_the_last_word(choices: CacheSettings) -> None:
    rules = access_rules(LoginKind.TENANT, choices)
    for command in (*REFUSED, *FUNCTIONS):
        assert f"-{command}" in rules
        assert not [rule for rule in rules if rule.startswith((f"+{command}|", f"+{command} "))]
        assert f"+{command}" not in rules
    assert rules.index("-@admin") > rules.index("+@all")


@given(st.sampled_from(Eviction))
def test_scripting_follows_the_setting(eviction: Eviction) -> None:
    on = access_rules(LoginKind.TENANT, CacheSettings(lua=True, eviction=eviction))
    off = access_rules(LoginKind.TENANT, CacheSettings(lua=False, eviction=eviction))
    assert {f"+{command}" for command in SCRIPTING} <= set(on)
    assert not {f"+{command}" for command in SCRIPTING} & set(off)
    assert "-@scripting" in off
    assert on.index("-script|debug") > on.index("+script")


@given(CHOICES)
def test_the_probe_may_ping_only_and_the_platform_everything(choices: CacheSettings) -> None:
    probe = access_rules(LoginKind.PROBE, choices)
    assert [rule for rule in probe if rule.startswith("+")] == ["+ping"]
    assert access_rules(LoginKind.PLATFORM, choices) == ("~*", "&*", "+@all")


@pytest.mark.parametrize("kind", LoginKind)
def test_no_rule_gives_a_password_away(kind: LoginKind) -> None:
    rules = access_rules(kind, CacheSettings())
    assert not [rule for rule in rules if rule.startswith((">", "#", "nopass"))]

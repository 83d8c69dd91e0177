"""What a server says of its replication, translated."""

from __future__ import annotations

from typing import Any

from datastores.sites.local.cache.pulse import CachePulse
from datastores.sites.local.cache.standing import connected_ports, of_facts
from datastores.succession import Follower

STANDBY: dict[str, Any] = {
    "role": "slave",
    "master_host": "127.0.0.1",
    "master_port": 39_701,
    "master_link_status": "up",
    "master_last_io_seconds_ago": 1,
    "slave_repl_offset": 29,
}
PRIMARY: dict[str, Any] = {
    "role": "master",
    "connected_slaves": 2,
    "slave0": {"ip": "node-b", "port": 39_702, "state": "online", "offset": 28, "lag": 0},
    "slave1": {"ip": "node-c", "port": 39_703, "state": "wait_bgsave", "offset": 0, "lag": 0},
    "master_repl_offset": 29,
}


def test_a_primary_names_the_standbys_that_have_a_copy() -> None:
    found = of_facts(PRIMARY)
    assert (found.writable, found.position, found.applied) == (True, 29, 29)
    assert found.followers == {"node-b": Follower(28, synchronous=False)}
    assert connected_ports(PRIMARY) == {39_702, 39_703}


def test_a_standby_that_heard_of_its_source_within_the_period_is_not_behind() -> None:
    found = of_facts(STANDBY)
    assert (found.writable, found.following, found.source_port, found.position) == (False, True, 39_701, 29)
    assert found.lag_seconds == 0.0
    assert of_facts(STANDBY | {"master_last_io_seconds_ago": 4}).lag_seconds == 3.0


def test_a_standby_without_its_source_says_since_when() -> None:
    lost = STANDBY | {"master_link_status": "down", "master_link_down_since_seconds": 7}
    assert of_facts(lost).lag_seconds == 7.0
    assert not of_facts(lost).following
    assert of_facts(lost | {"master_link_down_since_seconds": -1}).lag_seconds is None


def test_any_whole_answer_is_a_sign_of_life_but_data_being_read() -> None:
    serves = CachePulse.serves
    pulse = CachePulse.__new__(CachePulse)
    assert serves(pulse, b"+OK\r\n") is None
    assert serves(pulse, b"+OK\r\n+PO") is None
    assert serves(pulse, b"+OK\r\n+PONG\r\n") is True
    assert serves(pulse, b"-ERR max number of clients reached\r\n") is True
    assert serves(pulse, b"+OK\r\n-BUSY a script runs\r\n") is True
    assert serves(pulse, b"-WRONGPASS invalid\r\n") is True
    assert serves(pulse, b"+OK\r\n-LOADING the dataset\r\n") is False

"""The admin socket's answers, as HAProxy 3.0 gives them, read into values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.sites.local.edge import answers
from datastores.sites.local.edge.slots import Address

STATE_HEADER = (
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state "
    "srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port "
    "srv_check_addr srv_agent_addr srv_agent_port\n"
)


def state_line(number: int, address: str, admin_state: int, port: int, name: str = "primary") -> str:
    middle = f"{address} 2 {admin_state} 1 1 0 1 0 0 8 0 0 0 - {port}"
    return f"{number} slot-{number:04d} 1 {name} {middle} - 0 0 - - 0\n"


def test_servers_in_service_and_in_maintenance() -> None:
    answer = STATE_HEADER + state_line(1, "::1", 4, 31390) + state_line(2, "127.0.0.1", 5, 1)
    second = state_line(1, "127.0.0.1", 5, 1, "second")
    assert answers.servers(answer) == {1: {"primary": Address("::1", 31390)}, 2: {"primary": None}}
    one = {"primary": Address("::1", 31390), "second": None}
    assert answers.servers(answer + second) == {1: one, 2: {"primary": None}}
    assert answers.servers(answer + "\n" + STATE_HEADER + second)[1] == one, "answers one after the other"


@given(st.integers(0, 127))
def test_every_kind_of_maintenance_closes(admin_state: int) -> None:
    served = answers.servers(STATE_HEADER + state_line(7, "127.0.0.1", admin_state, 23000))[7]["primary"]
    assert (served is None) == bool(admin_state & (0x01 | 0x02 | 0x20))


@pytest.mark.parametrize("answer", ["", "Can't find backend.", "1\n"])
def test_an_unknown_slot_has_no_server(answer: str) -> None:
    assert answers.servers(answer) == {}


def test_frontends_that_listen_or_pause() -> None:
    answer = (
        "# pxname,svname,qcur,status,weight,\nslot-0001,FRONTEND,,OPEN,,\nslot-0002,FRONTEND,,PAUSED,,\n"
        "slot-0003,FRONTEND,,FULL,,\nslot-0004,FRONTEND,,STOP,,\nMASTER,FRONTEND,,OPEN,,\n"
    )
    assert answers.listening(answer) == {1: True, 2: False, 3: True, 4: False}


def test_networks_in_canonical_order() -> None:
    answer = "0x7fbf683fea80 2001:db8::1\n0x7fbf683e09e0 ::/0\n0x7fbf683fea00 10.1.0.0/16"
    assert answers.networks(answer) == ("10.1.0.0/16", "::/0", "2001:db8::1/128")
    assert answers.networks("") == ()
    assert answers.networks("Unknown ACL identifier. Please use #<id> or <file>.") == ()


SESSIONS = """\
0x7f5d9b76a400: proto=tcpv4 src=127.0.0.2:54514 fe=slot-0002 be=slot-0002 srv=primary ts=00 \
epoch=0 age=1m3s calls=4 rate=0 cpu=0 lat=0 rq[f=80c000h,i=0,an=00h,ax=] \
rp[f=80008000h,i=0,an=00h,ax=] exp=23d23h rc=0 \
c_exp=
0x7f5d9b76a800: proto=tcpv6 src=::1:38344 fe=slot-0003 be=slot-0003 srv=<none> ts=00 epoch=0 age=0s calls=2 \
exp=
0x7f5d9b76ac00: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> ts=00 epoch=0 age=0s calls=1 \
exp=9s
"""


def test_sessions_of_slots_only() -> None:
    assert answers.sessions(SESSIONS) == [
        answers.Session("0x7f5d9b76a400", 2, "primary", "127.0.0.2", 54514, 63),
        answers.Session("0x7f5d9b76a800", 3, "<none>", "::1", 38344, 0),
    ]


@given(st.integers(0, 30), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_ages(days: int, hours: int, minutes: int, seconds: int) -> None:
    spelled = f"{days}d{hours}h{minutes}m{seconds}s"
    assert answers.seconds(spelled) == ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def test_info_and_versions() -> None:
    assert answers.info("Name: HAProxy\nPid: 4711\ndescription: 0f3a\n", "description") == "0f3a"
    assert answers.info("Name: HAProxy\n", "Pid") == ""
    assert answers.prepared_version("New version created: 12") == 12

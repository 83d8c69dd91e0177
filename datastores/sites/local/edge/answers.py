"""Reads the admin socket's answers into values."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .slots import Address, canonical, slot_number

# Bits of srv_admin_state that keep a server out of service: maintenance by command, tracking, resolution.
MAINTENANCE = 0x01 | 0x02 | 0x20
UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


# By the proxy's name for each; None for one in maintenance.
Servers = dict[str, Address | None]


@dataclass(frozen=True)
class Session:
    """One client that is connected through a slot. ``server`` is the proxy's name of where it leads."""

    identifier: str
    slot: int
    server: str
    source: str
    source_port: int
    age_seconds: int


def servers(answer: str) -> dict[int, Servers]:
    """`show servers state`: slot number to its servers."""
    header: list[str] = []
    found: dict[int, Servers] = {}
    for line in answer.splitlines():
        words = line.split()
        if words[:1] == ["#"]:
            header = words[1:]
        elif header and len(words) == len(header):
            row = dict(zip(header, words, strict=True))
            number = slot_number(row["be_name"])
            if number is not None:
                closed = int(row["srv_admin_state"]) & MAINTENANCE
                leads = None if closed else Address(row["srv_addr"], int(row["srv_port"]))
                found.setdefault(number, {})[row["srv_name"]] = leads
    return found


def listening(answer: str) -> dict[int, bool]:
    """`show stat -1 1 -1` (frontends): slot number to whether it accepts connections."""
    rows = csv.DictReader(answer.removeprefix("# ").splitlines())
    found = {slot_number(row["pxname"]): row["status"] in {"OPEN", "FULL"} for row in rows}
    return {number: is_open for number, is_open in found.items() if number is not None}


def networks(answer: str) -> tuple[str, ...]:
    """`show acl <list>`: the networks in it, in canonical order."""
    return canonical(line.split()[1] for line in answer.splitlines() if len(line.split()) == 2)


def sessions(answer: str) -> list[Session]:
    """`show sess`: the clients of all slots."""
    found = []
    for line in answer.splitlines():
        identifier, _, rest = line.partition(": ")
        fields = dict(word.split("=", 1) for word in rest.split() if "=" in word)
        number = slot_number(fields.get("fe", ""))
        if number is not None and fields.get("proto") in {"tcpv4", "tcpv6"}:
            source, _, port = fields["src"].rpartition(":")
            age = seconds(fields.get("age", ""))
            found.append(Session(identifier, number, fields.get("srv", ""), source.strip("[]"), int(port), age))
    return found


def seconds(age: str) -> int:
    """HAProxy's short durations, such as 4s, 2m30s, 3d5h, in seconds."""
    return sum(int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+)([dhms])", age))


def info(answer: str, key: str) -> str:
    """One line of `show info`; empty where there is none."""
    lines: Sequence[str] = answer.splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{key}:")), "")


def prepared_version(answer: str) -> int:
    """`prepare acl`: the number of the version that is being prepared."""
    return int(answer.rsplit(" ", 1)[1])

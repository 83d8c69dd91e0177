"""Who may connect, as pure decisions: reading entries, finding overlaps, and what a new list would change."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network

EVERYBODY = ("0.0.0.0/0", "::/0")
MOST_ENTRIES = 200  # three form fields each, within Django's DATA_UPLOAD_MAX_NUMBER_FIELDS of 1,000
MOST_NOTE = 80  # characters, as the model keeps
MOST_TEXT = 64  # characters; no address or block is longer
SEPARATOR = re.compile(r"[\s,;#]+")  # as in "192.0.2.5 Office", "192.0.2.5, Office" and "192.0.2.5 # Office"
Network = IPv4Network | IPv6Network


class UnusableError(ValueError):
    """A text that is no address or block; the message says to the person why, and what would be one."""


@dataclass(frozen=True)
class Entry:
    """One address or block in canonical form, such as 192.0.2.5/32 or 2001:db8::/32, and a note for people."""

    network: str
    note: str = ""

    @property
    def label(self) -> str:
        """As people write it: a single address without its /32 or /128."""
        return label_of(self.network)


@dataclass(frozen=True)
class Problem:
    """Why the entry at a position of a list can't stay."""

    position: int
    sentence: str


@dataclass(frozen=True)
class Difference:
    """How one list differs from an earlier one."""

    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    renoted: tuple[Entry, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.renoted)


def canonical(text: str) -> str:
    """Return an address or block in canonical form; raises UnusableError with a sentence for the person."""
    text = text.strip()
    try:
        network = ip_network("" if "%" in text else text)  # Python takes any text for the zone behind a %
    except ValueError:
        raise UnusableError(_why_not(text)) from None
    if network.version == 6 and network.network_address.ipv4_mapped:
        raise UnusableError(f"{text} is an IPv4 address in IPv6 spelling. Write it as IPv4, such as 192.0.2.5.")
    if network.prefixlen == network.max_prefixlen and network.network_address.is_unspecified:
        raise UnusableError(f"{text} is no client's address. Everybody is {network.network_address}/0.")
    if network.is_multicast:
        raise UnusableError(f"{text} is for multicast: no client connects from there.")
    if "/" in text and not text.rpartition("/")[2].isdecimal():
        raise UnusableError(f"Write the size of the block as a number of bits: {network}.")
    return str(network)


def label_of(network: str) -> str:
    """Return a canonical network as people write it."""
    return network.removesuffix("/128") if ":" in network else network.removesuffix("/32")


def read_line(line: str) -> Entry:
    """Read "192.0.2.0/24 Office": an address or block, and the rest of the line as its note. Raises UnusableError."""
    first, *rest = SEPARATOR.split(line.strip(), maxsplit=1)
    note = tidy(" ".join(rest))
    if note and _is_network(note.split()[0].strip(",;")):
        raise UnusableError("There is more than one address in this line. Write each on a line of its own.")
    if len(note) > MOST_NOTE:
        raise UnusableError(f"The note beside {first} is longer than {MOST_NOTE} characters.")
    return Entry(canonical(first), note)


def tidy(note: str) -> str:
    """Return a note on one line, without characters that can't be seen."""
    return " ".join("".join(c if c.isprintable() else " " for c in note).split())


def overlaps(entries: Sequence[Entry]) -> list[Problem]:
    """Return one problem for each entry that repeats, lies in or covers an earlier one."""
    found = []
    networks = [ip_network(entry.network) for entry in entries]
    for position, network in enumerate(networks):
        sentence = next(filter(None, (_clash(network, earlier) for earlier in networks[:position])), "")
        if sentence:
            found.append(Problem(position, sentence))
    return found


def permits(networks: Iterable[str], source: str) -> bool:
    """Say whether a client from this address may connect."""
    address = ip_address(source)
    return any(address in ip_network(network) for network in networks)


def cut_by(networks: Iterable[str], sources: Iterable[str]) -> list[str]:
    """Return the addresses of the connected clients that a list would cut, one per session."""
    allowed = tuple(networks)
    return [source for source in sources if not permits(allowed, source)]


def is_everybody(networks: Iterable[str]) -> bool:
    """Say whether the list is the open one that a new data store has."""
    return set(networks) == set(EVERYBODY)


def open_families(networks: Iterable[str]) -> tuple[int, ...]:
    """Return the versions of IP (4, 6) with which everybody may try to log in."""
    parsed = [ip_network(network) for network in networks]
    four = collapse_addresses(n for n in parsed if isinstance(n, IPv4Network))
    six = collapse_addresses(n for n in parsed if isinstance(n, IPv6Network))
    versions = [network.version for network in four if network.prefixlen == 0]
    return (*versions, *(network.version for network in six if network.prefixlen == 0))


def difference(before: Sequence[Entry], after: Sequence[Entry]) -> Difference:
    """Return what somebody who knew the list before has to look at."""
    old = {entry.network: entry for entry in before}
    new = {entry.network: entry for entry in after}
    return Difference(
        added=tuple(entry for entry in after if entry.network not in old),
        removed=tuple(entry for entry in before if entry.network not in new),
        renoted=tuple(entry for entry in after if entry.network in old and old[entry.network].note != entry.note),
    )


def fingerprint(entries: Iterable[Entry]) -> str:
    """Return a short text that two lists share only if they say the same, whatever their order."""
    content = json.dumps(sorted([entry.network, entry.note] for entry in entries))
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def in_words(entries: Iterable[Entry]) -> str:
    """Return a list as one line for the audit trail."""
    words = (f"{entry.label} ({entry.note})" if entry.note else entry.label for entry in entries)
    return ", ".join(words) or "nobody"


def _clash(network: Network, earlier: Network) -> str:
    name, other = label_of(str(network)), label_of(str(earlier))
    if network == earlier:
        return f"{name} is in the list already."
    if network.version != earlier.version or not network.overlaps(earlier):
        return ""
    if network.prefixlen > earlier.prefixlen:
        return f"{name} lies in {other}, which is in the list: it would change nothing. Remove one of the two."
    return f"{name} covers {other}, which is in the list. Remove {other}, or add a smaller block."


def _why_not(text: str) -> str:
    """Say what is wrong with a text that Python takes for no network."""
    address, slash, size = text.partition("/")
    if not text:
        return "Write an address or a block, such as 192.0.2.5 or 192.0.2.0/24."
    if len(text) > MOST_TEXT:
        return f"“{text[:MOST_TEXT]}…” is no address or block."
    if slash and size.isdecimal() and "%" not in text and _is_network(address):
        return _wrong_size(ip_network(address), int(size))
    return f"{text} {_what_it_is(text)}"


def _what_it_is(text: str) -> str:
    if "%" in text:
        return "names a network card of one machine. Write the address without “%” and what follows."
    if "-" in text and _is_network(text.partition("-")[0]):
        return "is a range. Write it as blocks, such as 192.0.2.0/24."
    if any(letter.isalpha() for letter in text) and ":" not in text:
        return "is no address. Names are not taken, since the addresses behind them change."
    return "is no address or block. Write one such as 192.0.2.5, 192.0.2.0/24 or 2001:db8::/32."


def _wrong_size(address: Network, bits: int) -> str:
    name = address.network_address
    if bits > address.max_prefixlen:
        return f"A block of IPv{address.version} addresses has at most /{address.max_prefixlen}, not /{bits}."
    block = address.supernet(new_prefix=bits)
    return f"{name}/{bits} is an address inside a block. Write {block} for the whole block, or {name} for that address."


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True

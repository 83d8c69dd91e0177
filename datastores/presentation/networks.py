"""What the pages say about an allow list: what it means, what a change would do, and where the person stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from datastores.networks import Difference, Entry, cut_by, difference, is_everybody, open_families, permits

MOST_NAMED = 5  # addresses of clients that a sentence names


@dataclass(frozen=True)
class Person:
    """From where somebody uses the console. ``why`` says why that address is of no use for a list."""

    address: str
    why: str = ""

    @property
    def is_here(self) -> bool:
        """Whether they sit at the machine on which the console runs."""
        return bool(self.address) and ip_address(self.address).is_loopback

    @property
    def networks(self) -> list[Entry]:
        """What "only my address" stands for; programs of this machine use both families' loopback address."""
        if self.is_here:
            return [Entry("127.0.0.1/32", "This machine"), Entry("::1/128", "This machine")]
        return [Entry(f"{self.address}/{ip_address(self.address).max_prefixlen}", "Added as “only my address”")]

    @property
    def about(self) -> str:
        """What the button would do, in words."""
        if self.is_here:
            return (
                "You use the console on the machine that it runs on, or through a tunnel that ends there, so your"
                " address is this machine's own: only programs on this machine could connect."
            )
        return f"You use the console from {self.address}."


@dataclass(frozen=True)
class ListCard:
    """The list as it is."""

    entries: Sequence[Entry]
    everybody: bool
    warning: str
    person: Person


@dataclass(frozen=True)
class Review:
    """What saving a list would do, measured now."""

    changes: Difference
    nobody: bool
    everybody: bool
    cut_sentence: str
    cuts: bool
    cut_look: str
    cut_word: str
    person_sentence: str
    person_stays: bool


def person_at(address: str | None, *, behind_unknown_proxy: bool) -> Person:
    """Return where the person is, as far as the console can know."""
    if behind_unknown_proxy:
        return Person("", UNKNOWN_PROXY)
    try:
        found = ip_address(address or "")
    except ValueError:
        return Person("", "The console can't see the address that you come from.")
    mapped = found.ipv4_mapped if found.version == 6 else None
    return Person(str(mapped or found).partition("%")[0])


UNKNOWN_PROXY = (
    "A reverse proxy stands between you and the console that the console was not told to trust, so it sees the"
    " proxy's address instead of yours. Write your address into the list yourself, or ask an operator to set"
    " HEADWATER_TRUSTED_PROXIES."
)


def card_of(entries: Sequence[Entry], person: Person) -> ListCard:
    """Return what the settings page shows."""
    networks = [entry.network for entry in entries]
    families = open_families(networks)
    return ListCard(entries, is_everybody(networks), _warning(entries, families), person)


def review_of(before: Sequence[Entry], wanted: Sequence[Entry], sources: list[str] | None, person: Person) -> Review:
    """Return what saving ``wanted`` would do to clients that are connected from ``sources``."""
    networks = [entry.network for entry in wanted]
    cut = cut_by(networks, sources or [])
    look, word = ("attention", f"{len(cut)} cut") if cut else ("neutral", "None cut")
    stays = bool(person.address) and all(permits(networks, own) for own in _addresses(person))
    return Review(
        changes=difference(before, wanted),
        nobody=not wanted,
        everybody=is_everybody(networks),
        cut_sentence=_cut_sentence(cut, sources),
        cuts=bool(cut),
        cut_look=look,
        cut_word=word,
        person_sentence=_person_sentence(person, stays=stays),
        person_stays=stays,
    )


def saved_sentence(cut: int, *, live: bool) -> str:
    """Say what saving has done."""
    if not live:
        return "Saved. The edge does not run, so nobody can connect now; the list is in effect when it starts."
    done = {0: "No client was cut.", 1: "One client was cut."}.get(cut, f"{cut} clients were cut.")
    return f"Saved and in effect. {done}"


def _warning(entries: Sequence[Entry], families: tuple[int, ...]) -> str:
    if not entries:
        return "Nobody can connect: the list is empty."
    if not families:
        return ""
    who = "Everybody" if len(families) == 2 else f"Everybody with an IPv{families[0]} address"
    return f"{who} who reaches the address can try to log in. Only passwords and TLS protect the data store."


def _cut_sentence(cut: list[str], sources: list[str] | None) -> str:
    if sources is None:
        return "The edge does not answer, so connected clients can't be counted. The list is in effect when it runs."
    if not sources:
        return "Nobody is connected at the moment."
    if not cut:
        stay = "The one client that is" if len(sources) == 1 else f"All {len(sources)} clients that are"
        return f"{stay} connected at the moment may stay."
    verb = "client" if len(sources) == 1 else "clients"
    return f"{len(cut)} of {len(sources)} connected {verb} would be cut at once: {_named(cut)}."


def _named(addresses: list[str]) -> str:
    counted = Counter(addresses).most_common()
    names = [f"{address} ({count} connections)" if count > 1 else address for address, count in counted[:MOST_NAMED]]
    more = len(counted) - len(names)
    return ", ".join([*names, *([f"and {more} more addresses"] if more else [])])


def _addresses(person: Person) -> list[str]:
    return [entry.network.partition("/")[0] for entry in person.networks]


def _person_sentence(person: Person, *, stays: bool) -> str:
    if not person.address:
        return f"Whether you may connect yourself is unknown. {person.why}"
    who = f"Your own address, {person.address},"
    if person.is_here:
        who = "This machine, from which you use the console,"
    if stays:
        return f"{who} is among those that may connect."
    return f"{who} is not among those that may connect: your own programs would be turned away. The console stays open to you."

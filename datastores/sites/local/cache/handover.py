"""Hands the part of the primary over: the old one stops acknowledging, the new one takes writes."""

from __future__ import annotations

from datastores.sites.local.cache.part import Part, Source, adopt_part, read_part, write_part
from datastores.sites.local.cache.sessions import insistent_session
from datastores.sites.local.cache.standing import Facts, answered, is_linked, is_primary, replication_facts
from datastores.sites.local.engine import Place
from datastores.sites.local.replication import NotAnswering
from host.waiting import wait_until

CATCH_UP_SECONDS = 2.0
# Until somebody takes it back or has it follow: a pause that ran out would acknowledge what the new primary never gets.
PAUSE_MILLISECONDS = 30 * 24 * 3600 * 1000


def promote(place: Place) -> None:
    """Have a standby take writes; who follows it is said later (``prepare_primary``)."""
    _lead(place, Part())


def step_down(place: Place, standby: Place) -> None:
    """Hold all writes back, and wait until the standby has applied what came before. Raises NotAnswering.

    A server that ends meanwhile comes back as a standby, which gets nothing from the other until that one is promoted.
    """
    write_part(place, Part(Source.at(standby), read_part(place).standbys))
    with answered(), insistent_session(place) as old, insistent_session(standby) as new:
        if is_primary(replication_facts(new)):
            return  # it was promoted, and that only after the proof
        if not is_primary(replication_facts(old)):
            raise NotAnswering("The primary was restarted before its standby had everything.")
        old.ask("CLIENT", "PAUSE", PAUSE_MILLISECONDS, "WRITE")
        written = replication_facts(old)
        if not wait_until(lambda: _has_all(replication_facts(new), written), CATCH_UP_SECONDS):
            raise NotAnswering("The standby did not receive everything in time.")


def take_back(place: Place) -> None:
    """Let writes go on: those that were held back are made now."""
    _lead(place, Part(standbys=read_part(place).standbys))


def _lead(place: Place, part: Part) -> None:
    """The file first: a server that ends in between comes back as the primary."""
    write_part(place, part)
    with answered(), insistent_session(place) as platform:
        platform.ask("REPLICAOF", "NO", "ONE")
        adopt_part(place, platform)
        platform.ask("CLIENT", "UNPAUSE")


def _has_all(facts: Facts, written: Facts) -> bool:
    """Whether a standby has applied everything up to where its primary was."""
    return (
        is_linked(facts)
        and facts["master_replid"] == written["master_replid"]
        and int(facts["slave_repl_offset"]) >= int(written["master_repl_offset"])
    )

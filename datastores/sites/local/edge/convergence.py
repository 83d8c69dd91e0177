"""Makes the running proxy equal to what slots must do: looks, changes only what differs, looks again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from . import answers, commands
from .differences import Running, settled, welcome
from .errors import EdgeError
from .runtime import PATIENCE, AdminSocket
from .slots import Slot

Judge = Callable[[answers.Session], bool]


def observe(admin: AdminSocket, slots: Iterable[Slot]) -> dict[int, Running]:
    """What the proxy does with these slots; one that it does not know is left out."""
    listed = list(slots)
    looks = commands.look_at(listed[0]) if len(listed) == 1 else commands.look_at_all(listed)
    server_answer, frontend_answer, *lists = admin.ask(*looks)
    servers, accepting = answers.servers(server_answer), answers.listening(frontend_answer)
    return {
        slot.number: Running(accepting[slot.number], servers[slot.number], answers.networks(networks))
        for slot, networks in zip(listed, lists, strict=True)
        if slot.number in servers and slot.number in accepting
    }


def converge(admin: AdminSocket, wanted: Mapping[int, Slot]) -> int:
    """Make the proxy do what these slots say, and return how many sessions were cut.

    Only sessions are cut that are no longer allowed or lead to a server that the slot has left.
    Returns after a second look that proves it. Raises EdgeError, also for a slot unknown to the proxy.
    """
    running = observe(admin, wanted.values())
    unknown = wanted.keys() - running.keys()
    if unknown:
        raise EdgeError(
            f"The running edge has no slot {min(unknown)}: it was started with fewer.",
            "Restart the edge when its connections may be cut; its files are up to date.",
        )
    todo = [slot for slot in wanted.values() if not settled(slot, running[slot.number])]
    cut = _leave(admin, [slot for slot in todo if _moves(slot, running[slot.number])])
    _grant(admin, [slot for slot in todo if slot.allowed != running[slot.number].allowed])
    admin.change(*_steps(todo))
    cut += cut_sessions(admin, lambda session: session.slot in wanted and not _welcome(wanted, session))
    _prove(admin, todo)
    return cut


def cut_sessions(admin: AdminSocket, unwelcome: Judge, whole_slots: Iterable[int] = ()) -> int:
    """Cut sessions until a look finds none of these, and return how many there were.

    An identifier is the session's address in the proxy's memory: one that ends between the look and the cut
    could lend it to a new session, which is then cut and has to connect again. That is rare and harmless.
    """
    deadline = time.monotonic() + PATIENCE
    seen: set[str] = set()
    at_once = [commands.cut_all(number) for number in whole_slots]
    while found := [s.identifier for s in answers.sessions(admin.ask("show sess")[0]) if unwelcome(s)]:
        if time.monotonic() > deadline:
            raise EdgeError(f"{len(found)} connections could not be cut.", "Restart the edge; that cuts all.")
        if seen.issuperset(found):
            time.sleep(0.002)
        seen.update(found)
        admin.change(*(at_once or [commands.cut(identifier) for identifier in found]))
        at_once = []
    return len(seen)


def _moves(slot: Slot, running: Running) -> bool:
    return running.server != slot.server and running.server is not None


def _welcome(wanted: Mapping[int, Slot], session: answers.Session) -> bool:
    return welcome(wanted[session.slot], session.source)


def _leave(admin: AdminSocket, slots: list[Slot]) -> int:
    """Take the old server from slots that lead elsewhere from now on, and cut the sessions to it."""
    if not slots:
        return 0
    closing = {slot.number for slot in slots if slot.server is None}
    numbers = {slot.number for slot in slots}
    admin.change(*(c for n in numbers for c in (commands.close(n) if n in closing else commands.withdraw(n))))
    return cut_sessions(admin, lambda session: session.slot in numbers, whole_slots=numbers)


def _grant(admin: AdminSocket, slots: list[Slot]) -> None:
    prepared = admin.change(*(commands.prepare_access(slot.number) for slot in slots))
    versions = zip(slots, map(answers.prepared_version, prepared), strict=True)
    admin.change(*(command for slot, number in versions for command in commands.commit_access(slot, number)))


def _steps(slots: list[Slot]) -> list[str]:
    return [
        command
        for slot in slots
        for command in (commands.lead_to(slot.number, slot.server) if slot.server else commands.close(slot.number))
    ]


def _prove(admin: AdminSocket, slots: list[Slot]) -> None:
    """Look until all is as it must be: HAProxy applies an address in a task, right after its answer."""
    deadline = time.monotonic() + PATIENCE
    while slots:
        running = observe(admin, slots)
        slots = [slot for slot in slots if not settled(slot, running[slot.number])]
        if slots and time.monotonic() > deadline:
            raise EdgeError(
                f"Slot {slots[0].number} of the edge did not take its new state.",
                "Try again; if it stays so, restart the edge: its files are right.",
            )

"""Makes the running proxy equal to what slots must do: looks, changes only what differs, looks again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from . import answers, commands
from .differences import Running, assignment, settled, welcome
from .errors import EdgeError
from .runtime import PATIENCE, AdminSocket
from .slots import Address, Slot

Judge = Callable[[answers.Session], bool]
FEW = 3  # so many slots are looked at one by one, more all together


@dataclass(frozen=True)
class Move:
    """One slot on its way: what the proxy does, and which of its names must lead where."""

    slot: Slot
    running: Running
    names: dict[str, Address]

    @property
    def changing(self) -> list[str]:
        """Names whose sessions can't go on, also those that a change which broke off has left there."""
        return [name for name, server in self.running.servers.items() if server != self.names.get(name)]

    def withdrawals(self) -> list[str]:
        """Commands that take away what the slot leaves, and close the port first where it leaves everything."""
        number, servers = self.slot.number, self.running.servers
        leaving = [commands.withdraw(number, name) for name in self.changing if servers[name]]
        return leaving if self.names else [commands.close(number), *leaving]

    def steps(self) -> list[str]:
        """Commands that lead to what is missing, and open the port."""
        number = self.slot.number
        if not self.names:
            return [commands.close(number)]
        new = [(name, self.names[name]) for name in self.changing if name in self.names]
        return [*(c for name, server in new for c in commands.lead_to(number, name, server)), commands.accept(number)]

    @property
    def done(self) -> Running:
        """What the proxy does in the end."""
        servers = {name: self.names.get(name) for name in self.running.servers}
        return Running(bool(self.names), servers, self.slot.allowed)

    def is_left(self, session: answers.Session) -> bool:
        """Whether a session of the slot leads to a server that is not, or no longer, behind that name."""
        return not self.names or session.server in self.changing


def observe(admin: AdminSocket, slots: Iterable[Slot]) -> dict[int, Running]:
    """What the proxy does with these slots; one that it does not know is left out."""
    listed = list(slots)
    if len(listed) > FEW:
        server_answer, frontend_answer, *lists = admin.ask(*commands.look_at_all(listed))
    else:
        looks = admin.ask(*(command for slot in listed for command in commands.look_at(slot)))
        server_answer, frontend_answer, lists = "\n".join(looks[::3]), "\n".join(looks[1::3]), looks[2::3]
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
    moves = [Move(slot, running[slot.number], assignment(slot, running[slot.number])) for slot in todo]
    cut = _leave(admin, [move for move in moves if move.changing])
    _grant(admin, [slot for slot in todo if slot.allowed != running[slot.number].allowed])
    admin.change(*(command for move in moves for command in move.steps()))
    running |= {move.slot.number: move.done for move in moves}
    cut += cut_sessions(admin, lambda s: s.slot in wanted and not welcome(wanted[s.slot], running[s.slot], s))
    _prove(admin, todo)
    return cut


def cut_sessions(admin: AdminSocket, unwelcome: Judge, at_once: Sequence[str] = ()) -> int:
    """Cut sessions until a look finds none of these, and return how many there were. ``at_once`` are commands that cut
    most of them.

    An identifier is the session's address in the proxy's memory: one that ends between the look and the cut
    could lend it to a new session, which is then cut and has to connect again. That is rare and harmless.
    """
    deadline = time.monotonic() + PATIENCE
    seen: set[str] = set()
    while found := [s.identifier for s in answers.sessions(admin.ask("show sess")[0]) if unwelcome(s)]:
        if time.monotonic() > deadline:
            raise EdgeError(f"{len(found)} connections could not be cut.", "Restart the edge; that cuts all.")
        if seen.issuperset(found):
            time.sleep(0.002)
        seen.update(found)
        admin.change(*(at_once or [commands.cut(identifier) for identifier in found]))
        at_once = ()
    return len(seen)


def _leave(admin: AdminSocket, moves: list[Move]) -> int:
    """Take away what slots leave, and cut the sessions to it."""
    if not moves:
        return 0
    admin.change(*(command for move in moves for command in move.withdrawals()))
    by_slot = {move.slot.number: move for move in moves}
    at_once = [commands.cut_all(move.slot.number, name) for move in moves for name in move.changing]
    return cut_sessions(admin, lambda s: s.slot in by_slot and by_slot[s.slot].is_left(s), at_once)


def _grant(admin: AdminSocket, slots: list[Slot]) -> None:
    prepared = admin.change(*(commands.prepare_access(slot.number) for slot in slots))
    versions = zip(slots, map(answers.prepared_version, prepared), strict=True)
    admin.change(*(command for slot, number in versions for command in commands.commit_access(slot, number)))


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

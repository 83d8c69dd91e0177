"""The edge as callers see it: say what slots must do, and files and running proxy are made equal to it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from . import answers, configuration, files
from .addresses import usable
from .answers import Session
from .convergence import converge, observe
from .differences import describe, welcome
from .errors import EdgeDownError, EdgeError
from .runtime import AdminSocket
from .settings import EdgeSettings
from .slots import Slot

OUTDATED = "The edge runs with older ports or options than its files; a restart, which cuts sessions, helps."


@dataclass(frozen=True)
class Applied:
    """What a change came to.

    live            the running proxy has it; False: the proxy does not run, and starts with it from its files
    cut             sessions that were cut, each because its address or its server is no longer allowed
    restart_needed  ports or options differ, which no running proxy can change
    """

    live: bool
    cut: int = 0
    restart_needed: bool = False


class Edge:
    """Every change goes into the files first, then into the running proxy: a restart changes nothing.

    All methods can be repeated. Two processes may change two slots at once; for the same slot, and for `sync`
    beside any other change, the caller holds a lock. Methods raise EdgeError with a sentence and a remedy.
    """

    def __init__(self, settings: EdgeSettings) -> None:
        self._settings = settings
        self._admin = AdminSocket(settings.admin_socket)

    @cached_property
    def settings(self) -> EdgeSettings:
        """The settings with the addresses that this machine really has."""
        return replace(self._settings, bind=usable(self._settings.bind))

    def command(self) -> list[str]:
        """Program and arguments of the supervised service: in the foreground, one process."""
        return [str(self._settings.program), "-db", "-f", str(self._settings.directory)]

    def check(self) -> None:
        """Have HAProxy read its files as it would at the start. Raises EdgeError with its own words."""
        command = [str(self._settings.program), "-c", "-f", str(self._settings.directory)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            complaint = next((line for line in done.stderr.splitlines() if "[ALERT]" in line), done.stderr)
            raise EdgeError(f"The edge's files are not valid: {complaint.strip()}", "Run manage.py up again.")

    def answering(self) -> bool:
        """Whether the proxy runs and answers."""
        try:
            return bool(self._info("Pid"))
        except EdgeError:
            return False

    def write(self, slots: Iterable[Slot]) -> bool:
        """Make the files say what the slots must do (slots not given are closed); whether anything changed.

        Needed before the first start; the running proxy is left alone.
        """
        content = configuration.render(self.settings, slots)
        changed = files.write(content)
        return bool(files.remove_others(self.settings.directory, content) or changed)

    def sync(self, slots: Iterable[Slot]) -> Applied:
        """Make files and running proxy equal to the slots, those not given closed; what is right stays."""
        wanted = self.settings.complete(slots)
        self.write(wanted.values())
        try:
            known = observe(self._admin, wanted.values()).keys()
            cut = converge(self._admin, {number: wanted[number] for number in known})
            return Applied(live=True, cut=cut, restart_needed=self._outdated(wanted.values()))
        except EdgeDownError:
            return Applied(live=False)

    def differences(self, slots: Iterable[Slot]) -> list[str]:
        """How files and running proxy differ from the slots, one sentence each; none when all is well."""
        wanted = self.settings.complete(slots)
        found = self._stale_files(wanted.values())
        try:
            running = observe(self._admin, wanted.values())
            sessions = self._sessions()
            outdated = self._outdated(wanted.values())
        except EdgeDownError:
            return found
        for number, slot in wanted.items():
            found += describe(slot, running.get(number))
            intruders = [s for s in sessions if s.slot == number and not welcome(slot, running.get(number), s)]
            if intruders:
                found.append(f"Slot {number} of the edge has {len(intruders)} connections that it must not.")
        return [*found, OUTDATED] if outdated else found

    def apply(self, *slots: Slot) -> Applied:
        """Make slots do what they say: open them, re-point them, change who may connect, or close them.

        Sessions to servers that a slot leaves are cut, and those from addresses that are not allowed any more; all
        others go on. Done when the proxy has confirmed it.
        """
        return self._apply(slots, durable=True)

    def fence(self, slot: Slot) -> Applied:
        """Close the slot and prove that no session to its servers is left: the first step of a failover.

        Does not wait for the disk: the file is for a proxy that restarts; after a power cut `sync` is first.
        Where the proxy does not run, the proof is that nothing listens on the slot's port. Raises EdgeError.
        """
        applied = self._apply([replace(slot, servers=())], durable=False)
        if not applied.live and any(_accepts(address, slot.port) for address in self.settings.bind):
            raise EdgeError(
                f"The edge can't be reached for changes, but something still listens on port {slot.port}.",
                "Restart the edge, then try again. The old server must not be replaced before.",
            )
        return applied

    def sessions(self, *numbers: int) -> list[Session]:
        """The clients that are connected through these slots now. Raises EdgeDownError."""
        return [session for session in self._sessions() if session.slot in numbers]

    def _sessions(self) -> list[Session]:
        return answers.sessions(self._admin.ask("show sess")[0])

    def _apply(self, slots: Sequence[Slot], *, durable: bool) -> Applied:
        self.settings.complete(slots)
        before = [self._binds(slot) for slot in slots]
        for slot in slots:
            files.write(configuration.render_slot(self.settings, slot), durable=durable)
        try:
            cut = converge(self._admin, {slot.number: slot for slot in slots})
        except EdgeDownError:
            return Applied(live=False)
        return Applied(live=True, cut=cut, restart_needed=before != [self._binds(slot) for slot in slots])

    def _binds(self, slot: Slot) -> list[str]:
        """The addresses in the slot's file."""
        path = configuration.slot_file(self.settings, slot)
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if line.strip().startswith("bind ")]

    def _stale_files(self, slots: Collection[Slot]) -> list[str]:
        content = configuration.render(self.settings, slots)
        stale = [path for path, text in content.items() if not files.holds(path, text)]
        return [f"{len(stale)} files of the edge's are missing or out of date."] if stale else []

    def _outdated(self, slots: Collection[Slot]) -> bool:
        return self._info("description") != configuration.fingerprint(self.settings, slots)

    def _info(self, key: str) -> str:
        return answers.info(self._admin.ask("show info")[0], key)


def _accepts(address: str, port: int) -> bool:
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104
    try:
        with socket.create_connection((target, port), timeout=1):
            return True
    except ConnectionRefusedError:
        return False
    except OSError:
        return True

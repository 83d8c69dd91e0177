"""Confines an engine to its own files by Landlock, without a process in between."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .trees import Programs, TreeError

# landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION), the same number on every architecture.
SYSCALL = 444
VERSION_FLAG = 1

READ_FILE = ("execute", "read-file")
READ_DIRECTORY = (*READ_FILE, "read-dir")
# What can be written can't be executed: a file that a tenant makes the engine write never becomes a program.
WRITE_FILE = ("read-file", "write-file")
MAKE = ("make-dir", "make-reg", "make-sock", "make-fifo", "make-sym")
WRITE_DIRECTORY = (*WRITE_FILE, "read-dir", "remove-dir", "remove-file", *MAKE)
NEVER = ("make-char", "make-block")
SINCE_VERSION = {"refer": 2, "truncate": 3}

# Public parts of the system that programs need: libraries, shells, time zones, accounts, name resolution.
# Not /dev as a whole: other nodes' shared memory lies in /dev/shm.
SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/etc",
    "/proc",
    "/sys",
    "/dev/random",
    "/dev/urandom",
    "/run/systemd/resolve",
    "/run/resolvconf",
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full")


@dataclass(frozen=True)
class Protection:
    """Whether confinement is active, and a sentence of at most 120 letters that says which or why not."""

    sentence: str
    active: bool = False


class Sandbox:
    """Confinement as far as this machine permits it; `version` is Landlock's in the kernel, 0 for none."""

    def __init__(self, setpriv: Path | None, version: int) -> None:
        self._setpriv = setpriv
        self._version = version

    @classmethod
    def of_this_machine(cls, programs: Programs) -> Sandbox:
        """With setpriv out of the engine tree `tools`, or without one where it is not installed."""
        try:
            return cls(programs.program("tools", "setpriv"), landlock_version())
        except TreeError:
            return cls(None, landlock_version())

    def confine(self, command: Sequence[str], read: Iterable[Path], write: Iterable[Path]) -> list[str]:
        """The command that starts `command` confined; unchanged where this machine can't (see `describe`).

        Besides the system's public directories it can read and start what lies below `read`, and read and
        write what lies below `write`. Each of these must exist when the program starts; symbolic links are
        followed then. The program replaces setpriv, so pid and signals are its own.
        """
        if self._setpriv is None or self._version == 0:
            return list(command)
        public = [path for path in map(Path, SYSTEM) if path.exists()]
        rules = [self._rule(path, READ_DIRECTORY, READ_FILE) for path in (*public, *read)]
        rules += [self._rule(path, WRITE_DIRECTORY, WRITE_FILE) for path in (*map(Path, DEVICES), *write)]
        accesses = ",".join(dict.fromkeys((*READ_DIRECTORY, *WRITE_DIRECTORY, *NEVER, *self._newer())))
        arguments = [str(self._setpriv), "--no-new-privs", "--landlock-access", f"fs:{accesses}"]
        for rule in rules:
            arguments += ["--landlock-rule", rule]
        return [*arguments, "--", *command]

    def describe(self) -> Protection:
        """The words for a node's page."""
        if self._version == 0:
            return Protection("Not confined: this machine's kernel has no Landlock, or has it turned off.")
        if self._setpriv is None:
            return Protection("Not confined: setpriv of the engine tree tools is not installed.")
        return Protection(
            f"Confined by Landlock {self._version}: reads public and its own files, writes only its own.",
            active=True,
        )

    def _newer(self) -> list[str]:
        return [access for access, since in SINCE_VERSION.items() if self._version >= since]

    def _rule(self, path: Path, directory: Sequence[str], file: Sequence[str]) -> str:
        accesses = [*file] if path.exists() and not path.is_dir() else [*directory]
        if "write-file" in accesses:
            accesses += [access for access in self._newer() if access != "refer" or "read-dir" in accesses]
        return f"path-beneath:{','.join(accesses)}:{path.absolute()}"


@functools.cache
def landlock_version() -> int:
    """The version of Landlock that the running kernel offers; 0 where it has none or it is turned off."""
    answer: int = ctypes.CDLL(None).syscall(SYSCALL, None, 0, VERSION_FLAG)
    return max(0, answer)

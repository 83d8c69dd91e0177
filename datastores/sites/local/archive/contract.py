"""What an engine must do so that its stores are backed up, proved and restored on this machine.

What takes longer than a second or two is a ``Command``: the procedures run it as a job (see ``host.jobs``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from datastores.sites.local.archive import errors
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.engine import Place
from host.jobs import Command

ArchiverError = errors.ArchiverError


@dataclass(frozen=True)
class Stored:
    """A complete backup as the archive itself lists it."""

    label: str
    began: datetime
    finished: datetime  # the first moment that it can restore
    size_bytes: int
    stored_bytes: int
    damaged: bool = False


@dataclass(frozen=True)
class Progress:
    """How far work has come, in bytes."""

    done: int
    total: int


@dataclass(frozen=True)
class Target:
    """What is restored: a moment, exactly the state of the backup, or (with neither) the newest archived state."""

    label: str  # of the backup that it begins with
    moment: datetime | None = None
    only_backup: bool = False


@dataclass(frozen=True)
class Look:
    """What a look at a store's log found. ``position`` is the archiver's own note for the next look."""

    position: Mapping[str, Any]
    archived_until: datetime | None = None  # news only: a later last moment whose log is in the archive
    arrived_at: datetime | None = None
    missing: str = ""  # a sentence: log that will never be in the archive
    problem: str = ""  # a sentence: why log does not arrive now


@dataclass(frozen=True)
class Comparison:
    """What counting a restored copy and holding it against the manifest found."""

    tables: int = 0
    rows: int = 0
    problems: list[str] = field(default_factory=list)


class Archiver(ABC):
    """An engine's archiving. Every method may be run again at any time."""

    takes_buckets: ClassVar[bool] = False  # whether everything of it can be in a bucket; else it is in a folder
    things: ClassVar[tuple[str, str]] = ("table", "row")  # what is counted
    rests: ClassVar[bool] = True  # whether a backup gives way to busy programs (see ``Job.start``)

    @abstractmethod
    def installed(self) -> bool:
        """Say whether this machine has the archiver's program."""

    @abstractmethod
    def configure(self, place: Place, vault: Vault, storage_gib: int) -> None:
        """Write what a node needs to archive its log, before the engine's own configuration is written.

        The data directory exists. A store of ``storage_gib`` keeps at most a bounded part of it in log that could not
        be archived: a broken archive never takes a store down.
        """

    @abstractmethod
    def archives(self, place: Place) -> bool:
        """Say whether the running server archives its log; one that was started before could not do so."""

    @abstractmethod
    def prepare(self, place: Place) -> None:
        """Make what a backup needs in the archive and in the server. Raises ArchiverError."""

    def read_from(self, place: Place, standbys: Sequence[Place]) -> None:  # noqa: B027 - not every engine can
        """Have the next backup read one of these standbys rather than the primary at ``place``; with none, the primary."""

    @abstractmethod
    def back_up(self, place: Place) -> Command:
        """Return what takes a full backup. Raises ArchiverError."""

    @abstractmethod
    def progress(self, place: Place) -> Progress | None:
        """Say how far a running backup has come, where it can be told."""

    @abstractmethod
    def catalogue(self, place: Place) -> list[Stored]:
        """List the archive's complete backups, oldest first. Raises ArchiverError."""

    @abstractmethod
    def listed(self, place: Place, vault: Vault) -> list[Stored]:
        """List the complete backups of any archive, oldest first; none where it is not one of this engine's.

        The archive is only read; what reading it takes is written below ``place``. Raises ArchiverError.
        """

    @abstractmethod
    def expire(self, place: Place, keep: int) -> Command:
        """Return what removes all but the newest ``keep`` backups, and the log that none of them needs.

        Raises ArchiverError.
        """

    def erase(self, vault: Vault, work: Path) -> None:
        """Delete everything that a vault in a bucket holds, with ``work`` as a private directory for files of its own.

        A folder of this machine is deleted without an archiver's help. Raises ArchiverError.
        """
        raise ArchiverError("The archive is in a bucket, and its archiver can't erase it there.")

    @abstractmethod
    def count(self, place: Place) -> Command:
        """Return what counts every table of the server in one snapshot per database; see ``counted``."""

    @abstractmethod
    def counted(self, place: Place, output: str) -> dict[str, Any]:
        """Return the manifest that ``count`` came to, as JSON may hold it."""

    @abstractmethod
    def changes(self, place: Place) -> dict[str, Any]:
        """Read how much the tables of the running server have changed, to be held against a manifest's figures."""

    @abstractmethod
    def compare(self, manifest: Mapping[str, Any], changes: Mapping[str, Any], copy: Mapping[str, Any]) -> Comparison:
        """Hold what was counted in a restored copy against the manifest of the backup, and what changed since then."""

    @abstractmethod
    def restore(self, place: Place, vault: Vault, target: Target) -> Command:
        """Return what restores into an empty data directory; the server replays the log when it starts.

        Raises ArchiverError.
        """

    @abstractmethod
    def salvage(self, lost: Path, place: Place) -> int:
        """Bring log that never reached the archive from a lost data directory into a restored one that is not served
        yet; return how many files. A damaged end of it is recognised when it is replayed."""

    @abstractmethod
    def replayed(self, place: Place) -> bool:
        """Say whether the restored server has replayed the log and takes writes. Raises ArchiverError where it never will."""

    @abstractmethod
    def replay_position(self, place: Place) -> str:
        """Say how far the replay is, in words; empty where that can't be told."""

    @abstractmethod
    def recovered_to(self, place: Place) -> datetime | None:
        """Read the last mark in a restored server: everything that was committed up to then is there."""

    @abstractmethod
    def settle(self, place: Place) -> None:
        """Remove the restore's own settings from a server that has replayed the log."""

    def memory_of_copy(self, place: Place) -> int:
        """Return how much memory a copy of this server takes while it is served, in bytes, where that is a matter of how
        much data there is. Raises ArchiverError."""
        del place
        return 0

    @abstractmethod
    def serve_copy(self, place: Place) -> Command:
        """Return what serves a restored copy to the platform alone, archiving nothing."""

    @abstractmethod
    def check_copy(self, place: Place) -> Command:
        """Return the engine's own checks of a copy that is served."""

    @abstractmethod
    def stop_copy(self, place: Place) -> None:
        """Ask the copy's server to shut down cleanly."""

    @abstractmethod
    def check_files(self, place: Place) -> Command:
        """Return the engine's own checks of the files of a copy that is not served."""

    def check_backup(self, place: Place) -> Command:
        """Return what restores and checks the backup's own files, where the copy was made of others that are newer.

        It runs when nothing of the copy is needed any more, and may take the copy's room. Raises ArchiverError.
        """
        del place
        return Command(["true"])

    @abstractmethod
    def look(self, place: Place, vault: Vault, position: Mapping[str, Any], now: datetime) -> Look:
        """Mark the log where that is due, and see what of it has arrived in the archive. Raises ArchiverError
        where the server does not answer."""

    @abstractmethod
    def seal(self, place: Place, position: Mapping[str, Any]) -> tuple[datetime, Mapping[str, Any]]:
        """Mark the log and have it archived now; return the mark and the note for the next look. Raises ArchiverError."""

    def end(self, directory: Path) -> None:  # noqa: B027 - most engines' servers archive their log themselves
        """End what still archives the log of a node with this directory, which is given up."""

    @abstractmethod
    def meaning(self, words: str) -> str:
        """Say in a sentence what the program's last words mean, without a secret or a path."""

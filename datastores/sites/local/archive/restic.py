"""restic: one encrypted repository per store. Its key stands in a file that only the owner can read, never in a command.

A ``Repository`` is known by a directory of a node that says where it is and what opens it: everything that another kind
of storage needs (an address, a login) is written there, by ``keep``, and nowhere else.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings as installation

from datastores.sites.local.archive.asking import ask
from datastores.sites.local.archive.contract import ArchiverError, Progress
from datastores.sites.local.archive.vault import Vault
from host import restic_bucket
from host.files import write_private
from host.jobs import Command
from host.trees import Programs, TreeError

TREE: Final = "restic"
ADDRESS_FILE, KEY_FILE, MADE_FILE = "repository", "password", "made"
HOST: Final = "store"  # each store has a repository of its own, so that it goes with the store to another machine
ANSWER_SECONDS: Final = 30
ERASE_SECONDS: Final = 300
ABSENT: Final = 10  # restic's exit code where there is no repository
# $1 is restic. 11: locked. What a killed restic left is unlocked, as soon as nothing is left of its process; a lock of one
# that works is waited for, two minutes in all.
SCRIPT: Final = """
    restic=$1; shift
    "$restic" "$@"; code=$?
    for try in $(seq 20); do
        [ "$code" -eq 11 ] || exit "$code"
        "$restic" unlock >&2
        "$restic" --retry-lock 5s "$@"; code=$?
    done
    exit "$code"
"""
# How many files there are is noted before they are read: restic keeps what it could read, although others have gone
# meanwhile, and does not even say so where they go before it has seen them. 3: its code for what it could not read.
COUNTED: Final = """
    count() {{ find {paths} -type f ! -name ".*" | wc -l; }}
    files=$(count)
    {call} --tag "files=$files" -- {paths}; code=$?
    [ "$code" -ne 0 ] || [ "$(count)" -ge "$files" ] || exit 3
    exit "$code"
"""
FILES: Final = "files"


@dataclass(frozen=True)
class Snapshot:
    """What one run of ``backup`` kept. ``tags`` are the caller's own notes, by name; ``files`` how many it could read, where
    it says so."""

    id: str
    time: datetime
    paths: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    began: datetime | None = None
    finished: datetime | None = None
    size_bytes: int = 0
    stored_bytes: int = 0  # what it added to the repository
    files: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it has every file that was there when its run began."""
        return self.files is None or self.files >= int(self.tags.get(FILES, 0))

    @property
    def label(self) -> str:
        """Return its name for people; unique in a repository."""
        return f"{self.time:%Y%m%d-%H%M%S}-{self.id[:8]}"


class Repository:
    """One store's repository, as a node's directory describes it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @classmethod
    def keep(cls, directory: Path, vault: Vault) -> Repository:
        """Write down where a store's repository is and what opens it."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(directory / ADDRESS_FILE, f"{vault.url}\n")
        write_private(directory / KEY_FILE, f"{vault.key}\n")
        restic_bucket.keep(directory, vault.bucket)
        return cls(directory)

    def known(self) -> bool:
        """Say whether it was written down."""
        return (self.directory / ADDRESS_FILE).exists()

    def in_bucket(self) -> bool:
        """Say whether it is in a bucket."""
        return restic_bucket.known(self.directory)

    def made(self) -> bool:
        """Say whether this node has seen that the repository is there."""
        made, address = self.directory / MADE_FILE, self.directory / ADDRESS_FILE
        return made.exists() and address.exists() and made.read_text() == address.read_text()

    def there(self) -> bool:
        """Ask whether there is a repository, which may be damaged. Raises ArchiverError where that can't be told."""
        ended = ask(self.command("cat", "config", "--no-lock"), ANSWER_SECONDS)
        if ended.returncode not in {0, ABSENT}:
            raise ArchiverError(meaning(ended.stdout + ended.stderr))
        return ended.returncode == 0

    def make(self) -> None:
        """Make the repository where there is none, or where its whole folder is gone. Raises ArchiverError.

        One that has lost its description only is left alone: what it holds could never be read with a new one.
        """
        if not self.there():
            if self.made() and not self._is_gone():
                raise ArchiverError("The archive's description is missing.")
            self.answer(self.command("init", "--repository-version=2"))
        write_private(self.directory / MADE_FILE, (self.directory / ADDRESS_FILE).read_text())

    def _is_gone(self) -> bool:
        """Say whether it was in a folder in which nothing is left."""
        folder = Path((self.directory / ADDRESS_FILE).read_text().strip())
        return folder.is_absolute() and not (folder.is_dir() and any(folder.iterdir()))

    def command(self, *arguments: str) -> Command:
        """Return a call of restic with this repository. What it says is JSON, where restic can."""
        return Command(
            ["sh", "-c", SCRIPT, "restic", str(restic()), *FLAGS, *restic_bucket.options(self.directory), *arguments],
            self.environment(),
        )

    def environment(self) -> dict[str, str]:
        """Return what restic's environment holds: names of files, no secret."""
        return {
            "RESTIC_REPOSITORY_FILE": str(self.directory / ADDRESS_FILE),
            "RESTIC_PASSWORD_FILE": str(self.directory / KEY_FILE),
            "RESTIC_PROGRESS_FPS": "1",
            "LC_ALL": "C",
            **restic_bucket.environment(self.directory),
        }

    def back_up(self, paths: Iterable[Path], tags: Mapping[str, str], *options: str) -> Command:
        """Return what keeps these paths. Files of the last time with the same size and time are not read again."""
        words = [word for name, value in tags.items() for word in ("--tag", f"{name}={value}")]
        call = self.command("backup", f"--host={HOST}", *words, *options)
        script = COUNTED.format(paths=shlex.join(map(str, paths)), call=shlex.join(call.arguments))
        return Command(["sh", "-c", script], call.environment)

    def snapshots(self, **tags: str) -> list[Snapshot]:
        """List what is kept with all of these tags, oldest first; no fragments. Raises ArchiverError."""
        return [each for each in self._listed(**tags) if each.is_whole]

    def fragments(self) -> list[Snapshot]:
        """List what runs have left whose files went away under their hands. Raises ArchiverError."""
        return [each for each in self._listed() if not each.is_whole]

    def _listed(self, **tags: str) -> list[Snapshot]:
        wanted = [f"--tag={','.join(f'{name}={value}' for name, value in tags.items())}"] if tags else []
        return parse_snapshots(self.answer(self.command("snapshots", "--no-lock", *wanted)))

    def restore(self, snapshot: Snapshot, folder: str, target: Path) -> Command:
        """Return what writes the content of one of the snapshot's folders into a directory. It only reads the archive."""
        where = f"{snapshot.id}:{folder}"
        return self.command("restore", "--no-lock", where, f"--target={target}")

    def forget(self, *identifiers: str) -> Command:
        """Return what removes snapshots, and everything that no other needs; also what an earlier one left, when it was
        killed in between: without a snapshot it does only that."""
        return self.command("forget", "--prune", *identifiers) if identifiers else self.command("prune")

    def try_to_forget(self, *identifiers: str) -> list[str]:
        """Return the words that remove snapshots unless anything else works on the repository: nobody waits for that, and
        what they held is freed with the next ``forget``."""
        options = (*FLAGS, *restic_bucket.options(self.directory))
        return [str(restic()), *options, "forget", *identifiers] if identifiers else ["true"]

    def tidy(self) -> Command:
        """Return what removes files that nothing needs, without writing any anew: quick, so that many small ones don't
        gather."""
        return self.command("prune", "--max-repack-size=0")

    def erase(self) -> None:
        """Remove everything that it keeps: what is left opens nothing and holds nothing. Raises ArchiverError."""
        if not self.there():
            return
        if identifiers := [snapshot.id for snapshot in self._listed()]:
            self.answer(self.forget(*identifiers), ERASE_SECONDS)

    def check(self) -> Command:
        """Return what reads the whole repository and checks it."""
        return self.command("check", "--read-data", "--no-lock")

    def answer(self, call: Command, seconds: float = ANSWER_SECONDS) -> str:
        """Run something short and return what it says. Raises ArchiverError."""
        ended = ask(call, seconds)
        if ended.returncode != 0:
            raise ArchiverError(meaning(ended.stdout + ended.stderr))
        return ended.stdout


FLAGS: Final = ("--json", "--no-cache")


def restic() -> Path:
    """Return the program, in the build that is in use now. Raises TreeError where it is not installed."""
    return Programs(installation.HOME.engines).program(TREE, "restic").resolve()


def installed() -> bool:
    """Say whether this machine has it."""
    try:
        return restic().exists()
    except TreeError:
        return False


def parse_snapshots(text: str) -> list[Snapshot]:
    """Read ``restic snapshots --json``, fragments included; oldest first."""
    listed: list[dict[str, Any]] = json.loads(text) or []
    return sorted(map(_snapshot, listed), key=lambda snapshot: snapshot.time)


def parse_progress(text: str) -> Progress | None:
    """Read what ``restic backup --json`` has said so far; None where it has said nothing of it yet."""
    for line in reversed(text.splitlines()):
        if '"status"' in line:
            try:
                said = json.loads(line)
            except ValueError:  # not written to its end yet
                continue
            if said.get("message_type") == "status" and said.get("total_bytes"):
                return Progress(int(said.get("bytes_done", 0)), int(said["total_bytes"]))
    return None


# What restic's messages contain, and what that means. The first that is found counts.
MEANINGS: Final = (
    ("Access Denied", "The archive's storage refuses its login."),
    ("SignatureDoesNotMatch", "The archive's storage refuses its login."),
    ("request signature we calculated", "The archive's storage refuses its login."),
    ("Access Key Id you provided", "The archive's storage refuses its login."),
    ("InvalidAccessKeyId", "The archive's storage refuses its login."),
    ("no space left on device", "The disk of the archive is full."),
    ("wrong password", "The archive can't be opened with its key."),
    ("no such host", "The archive's storage can't be reached."),
    ("connection refused", "The archive's storage can't be reached."),
    ("i/o timeout", "The archive's storage can't be reached."),
    ("x509", "The certificate of the archive's storage can't be verified."),
    ("repository does not exist", "The archive is missing, or its description is."),
    ("unable to open config file", "The archive is missing, or its description is."),
    ("repository is already locked", "Other work on this archive is running."),
    ("permission denied", "The archive can't be read or written: permission denied."),
    ("ciphertext verification failed", "A file of the archive is damaged, or was stored with another key."),
    ("no key found", "The archive's key file is missing or damaged."),
    ("invalid data returned", "A file of the archive is damaged: its checksum is wrong."),
    ("hash does not match", "A file of the archive is damaged: its checksum is wrong."),
    ("does not match ID", "A file of the archive is damaged: its checksum is wrong."),
    ("no matching ID found", "The archive does not have that backup."),
    ("not found in repository", "A file of the archive is missing."),
    ("not found in index", "A file of the archive is missing."),
    ("not find index", "A file of the archive is missing."),
    ("no such file or directory", "A file of the archive is missing."),
    ("file is too short", "A file of the archive is cut off."),
    ("unexpected EOF", "A file of the archive is cut off."),
    ("file has incorrect length", "A file of the archive is cut off."),
    ("invalid header", "A file of the archive is damaged."),
    ("signal: killed", "The work was stopped."),
)


def meaning(words: str) -> str:
    """Translate its last words; unknown ones are not shown, since nobody checked what they reveal."""
    return known_meaning(words) or "The archiver refused; the log says why."


def known_meaning(words: str) -> str:
    """Translate words of one that still runs, and perhaps tries again; empty where they are not known."""
    return next((sentence for part, sentence in MEANINGS if part in words), "")


def _snapshot(listed: Mapping[str, Any]) -> Snapshot:
    summary = listed.get("summary") or {}
    pairs = (tag.partition("=") for tag in listed.get("tags") or [])
    return Snapshot(
        id=listed["id"],
        time=datetime.fromisoformat(listed["time"]),
        paths=tuple(listed["paths"]),
        tags={name: value for name, _, value in pairs},
        began=_moment(summary.get("backup_start")),
        finished=_moment(summary.get("backup_end")),
        size_bytes=int(summary.get("total_bytes_processed", 0)),
        stored_bytes=int(summary.get("data_added_packed", 0)),
        files=summary.get("total_files_processed"),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

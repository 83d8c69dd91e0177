"""The log's way into a bucket: sealed files wait in a folder here, and restic, a job, keeps that folder in the repository.

The folder holds the *open segment*: what the bucket has not acknowledged yet, and the files before it since the segment began. Each
look that finds something new in it has it copied as a whole; restic stores what is new, and copies that a later one holds are
forgotten after a while, so that one or two remain. Once an acknowledged segment is long enough, all but its last file go from here, and a new one begins with that.
So there is a snapshot for hundreds of files, and this machine holds a bounded part of the log:

- archived is what the job's end acknowledges, nothing else. Nothing new is sealed before that, so that with a bucket that is
  away at most one batch waits here; the rest waits in the server, which bounds it (see ``MySQLArchiver.configure``).
- who dies between sealing a file and its copy, or between the copy and the note, has it copied again, which stores nothing twice:
  the file is behind what the note knows, and the job's own files say what it copied.
- who loses the folder gets the newest file back out of the bucket: it says how far the log is. What was sealed and not acknowledged
  is sealed again out of the server's own log.
- each copy lists first what the bucket has. A segment that is gone, and that a backup needs, is a gap that is told.
- a restore needs the bucket and the key only; of the folder it takes what the bucket has not, where there is one.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from datastores.sites.local.archive.contract import ArchiverError, Look
from datastores.sites.local.archive.restic import Repository, Snapshot, known_meaning, meaning, parse_snapshots
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.binlogs.folder import Folder
from datastores.sites.local.binlogs.sealed import SealError
from datastores.sites.local.mysql.archive import segments
from datastores.sites.local.mysql.archive.segments import Segment
from host.files import write_private
from host.jobs import LOW_PRIORITY, Command, Job, JobState

JOB, FACTS_FILE, LISTED_FILE, BACK = "shipping", "facts.json", "listed", "back"
NAMES_FILE: Final = "segments"  # of a node that is being restored
FULL_FILES: Final = 250  # a segment of so many files, or of so many bytes, is closed
FULL_BYTES: Final = 1 << 30
BATCH_BYTES: Final = 1 << 30  # of log that is sealed before the bucket has acknowledged it
SLOW_SECONDS: Final = 120
FETCH_SECONDS: Final = 120
MOST_GONE: Final = 100  # copies that are forgotten at once
REFUSED: Final = "The archive does not take the log. {why} The server keeps it for a day, and it is tried again."
SLOW: Final = "Its storage takes long."
STOPPED: Final = "The work was stopped."
GAP: Final = "A file of the archived log is gone or damaged."
# $1: where the list of what is there goes. Forgetting can wait: it is refused while anything else works on the repository.
SCRIPT: Final = '{listed} >"$1" && {keep} || exit; {forget} >/dev/null 2>&1; exit 0'
# $1: names of snapshots, one a line. What follows is the call of restic.
FETCH: Final = 'names=$1; shift; while read -r each; do "$@" "$each" </dev/null || exit; done <"$names"'
Note = dict[str, Any]


def job_of(vault: Vault) -> Job:
    """Return the work that copies a store's log: one for all of its nodes."""
    return Job(vault.directory / JOB)


class Way:
    """One store's way into its bucket, as seen from the primary's node."""

    def __init__(self, repository: Repository, folder: Folder, vault: Vault) -> None:
        self.job, self._repository, self._folder, self._vault = job_of(vault), repository, folder, vault

    def is_busy(self) -> bool:
        """Say whether a copy is under way. The folder must not change meanwhile."""
        return self.job.state() is JobState.RUNNING

    def collect(self, note: Note) -> Look:
        """Take note of how the last copy stands; what the bucket has acknowledged is told once."""
        state = self.job.state()
        if state is JobState.RUNNING:
            return Look(note, problem=self._trouble() or note.get("problem", ""))
        if state is JobState.LOST or (state is JobState.ENDED and self.job.code != 0):
            why = STOPPED if state is JobState.LOST else meaning(self.job.last_words())
            note["problem"] = REFUSED.format(why=why)
        elif state is JobState.ENDED:
            return self._acknowledged(note, self._facts())
        return Look(note, problem=note.get("problem", ""))

    def is_behind(self, note: Note) -> bool:
        """Say whether the folder has what the bucket has not acknowledged."""
        numbers = self._folder.numbers()
        return bool(numbers) and numbers[-1] > note.get("kept", 0)

    def align(self, note: Note) -> None:
        """Have the folder's newest file be the last one that counts, also where the folder is gone. Raises ArchiverError."""
        numbers = self._folder.numbers()
        if not numbers or numbers[-1] < note.get("kept", 0):
            self._bring_back()
            numbers = self._folder.numbers()
        newest = numbers[-1] if numbers else int(note.get("kept", 0))
        note["kept"] = min(newest, note.get("kept", 0))  # less where the bucket has lost what it had
        if newest < note.get("number", 0):  # it was sealed, and was lost before it was acknowledged
            note["number"] = newest
            note.pop("held", None)

    def start(self, note: Note) -> None:
        """Have the folder copied. What an interrupted sealing has left there goes first."""
        for left in self._folder.directory.glob(".*"):
            left.unlink()
        first, last = _run(self._folder.numbers())
        until = self._until(last)
        facts = {"first": first, "last": last, "until": until, "began": time.time()}
        tags = segments.tags(first, last, until)
        keep = self._repository.back_up([self._folder.directory], tags, "--ignore-inode", "--ignore-ctime")
        script = SCRIPT.format(
            listed=shlex.join(self._repository.command("snapshots", "--no-lock").arguments),
            keep=shlex.join(keep.arguments),
            forget=shlex.join(self._repository.try_to_forget(*note.get("needless", ()))),
        )
        self.job.forget()
        self.job.directory.mkdir(mode=0o700, parents=True)
        write_private(self.job.directory / FACTS_FILE, json.dumps(facts))
        words = ["sh", "-c", script, "ship", str(self.job.directory / LISTED_FILE)]
        self.job.start(Command(words, keep.environment), niceness=LOW_PRIORITY)

    def _trouble(self) -> str:
        """Say why a copy does not end: restic itself tries again for a quarter of an hour."""
        slow = SLOW if time.time() - self._facts()["began"] > SLOW_SECONDS else ""
        why = known_meaning(self.job.last_words()) or slow
        return REFUSED.format(why=why) if why else ""

    def _facts(self) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = json.loads((self.job.directory / FACTS_FILE).read_text())
        return facts

    def _acknowledged(self, note: Note, facts: Mapping[str, Any]) -> Look:
        if facts["began"] == note.get("collected"):
            return Look(note, problem=note.get("problem", ""))
        listed = [each for each in parse_snapshots((self.job.directory / LISTED_FILE).read_text()) if each.is_whole]
        missing = _missing(listed, facts, note)
        old = [each.snapshot.id for each in segments.superseded(segments.segments(listed))]
        note |= {"collected": facts["began"], "kept": facts["last"], "needless": old[:MOST_GONE], "problem": ""}
        if facts["last"] - facts["first"] + 1 >= FULL_FILES or self._bytes() >= FULL_BYTES:
            self._folder.remove_before(facts["last"])
        until = datetime.fromisoformat(facts["until"]) if facts["until"] else None
        ended = datetime.fromtimestamp((self.job.directory / "result").stat().st_mtime, UTC)
        return Look(note, until, ended, GAP if missing else "")

    def _bytes(self) -> int:
        return sum(self._folder.path(number).stat().st_size for number in self._folder.numbers())

    def _until(self, number: int) -> str:
        try:
            return self._folder.header(number).until
        except (SealError, ValueError, KeyError):
            return ""

    def _bring_back(self) -> None:
        """Fetch the newest file that the bucket has. It appears in the folder as a whole."""
        found = segments.segments(self._repository.snapshots(kind=segments.KIND))
        if not found:
            return
        newest = max(found, key=lambda each: (each.last, each.snapshot.time))
        target, beside = self._folder.path(newest.last), self._vault.directory / BACK
        shutil.rmtree(beside, ignore_errors=True)
        call = self._repository.restore(newest.snapshot, newest.snapshot.paths[0], beside)
        only = Command([*call.arguments, f"--include={target.name}"], call.environment)
        self._repository.answer(only, FETCH_SECONDS)
        if not (beside / target.name).exists():
            raise ArchiverError(GAP)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (beside / target.name).rename(target)
        shutil.rmtree(beside)


def fetch(repository: Repository, found: list[Segment], target: Path) -> list[Command]:
    """Return what writes the files of these segments into a directory. The last one may be an open one, whose next copy
    replaces it meanwhile: the newest that begins as it does is taken."""
    if not found:
        return []
    call, names = ("restore", "--no-lock", f"--target={target}"), repository.directory / NAMES_FILE
    write_private(names, "".join(f"{each.snapshot.id}:{each.snapshot.paths[0]}\n" for each in found[:-1]))
    newest = found[-1]
    tag = f"--tag=kind={segments.KIND},first={newest.first}"
    last = repository.command(*call, tag, f"latest:{newest.snapshot.paths[0]}")
    words = ["sh", "-c", FETCH, "fetch", str(names), *repository.command(*call).arguments]
    return [Command(words, last.environment), last]


def take_waiting(vault: Vault, found: list[Segment], target: Path) -> None:
    """Copy what waits here, if anything does, and is in none of the segments. Raises OSError."""
    folder, last = Folder(vault.directory, vault.key), max((each.last for each in found), default=0)
    for number in folder.numbers():
        if number > last:
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(folder.path(number), target / folder.path(number).name)


def _run(numbers: list[int]) -> tuple[int, int]:
    """Return the first and the last of the consecutive files at the end."""
    first, there = numbers[-1], set(numbers)
    while first - 1 in there:
        first -= 1
    return first, numbers[-1]


def _missing(listed: list[Snapshot], facts: Mapping[str, Any], note: Note) -> bool:
    """Say whether log that a backup needs is not there any more. Each loss is told once."""
    needed = [int(each.tags["log"]) for each in listed if "log" in each.tags]
    first = max(min(needed, default=facts["last"]), note.get("whole_from", 1))
    ranges = [(each.first, each.last) for each in segments.segments(listed)]
    missing = segments.hole([*ranges, (facts["first"], facts["last"])], first, facts["last"])
    if missing is not None:
        note["whole_from"] = missing + 1
    return missing is not None

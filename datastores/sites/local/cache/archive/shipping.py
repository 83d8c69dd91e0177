"""Has a cache's log arrive in the archive: holds its files, measures how far they reach, and has restic copy them.

restic runs by itself. What it was started with lies beside it in a file, so that a look finds out what arrived, whatever was
killed in between. Nothing is written into the cache: "everything of before this second" is known from the server's clock and
from how long its file was then.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import redis

from datastores.schedule import IDLE_BEAT_SECONDS, beat_is_due
from datastores.sites.local.archive.contract import ArchiverError, Look
from datastores.sites.local.archive.restic import Repository, meaning
from datastores.sites.local.cache.archive import generations
from datastores.sites.local.cache.archive.generations import WORK, Generation, hold
from datastores.sites.local.cache.archive.manifest import DIRECTORY, MANIFEST, parse
from datastores.sites.local.cache.archive.units import BACKUP, ENGINE, LOG, Reach, reached, units
from datastores.sites.local.cache.sessions import FullError, Platform, session
from datastores.sites.local.engine import Place
from host.files import write_private
from host.jobs import LOW_PRIORITY, Command, Job, JobState
from host.waiting import wait_until

ARCHIVE_DIRECTORY: Final = "archive"  # below the node's configuration: where its archive is and what opens it
JOBS, LOG_JOB, FACTS_FILE = "jobs", "log", "facts.json"
WRITE_SECONDS: Final = 2.0  # the server may hold its file back for so long while the disk is busy
TRIES: Final = 5
LOOK_SECONDS: Final = 60  # what is begun at one look is known to have arrived at the next
SHARE: Final = 10  # copying takes at most one part in so many of the time: a long log is read again for each copy
GAP: Final = "A part of the log never reached the archive."
NO_ANSWER: Final = "The server did not answer."
Note = dict[str, Any]


@dataclass(frozen=True)
class Mark:
    """Everything of before ``moment`` is in the first ``at`` bytes of the last file that is held, which is the primary's,
    or that of the standby ``source``."""

    held: Generation
    moment: datetime
    at: int
    source: str = ""

    def reach(self, held: Generation, own: datetime | None = None) -> Reach:
        """Return what a copy of this generation, or of the one before, can bring back; ``own``: see ``Reach``."""
        since = self.moment if self.source else datetime.fromtimestamp(held.since, UTC)
        return Reach(since, self.moment, held.manifest.last, self.at, self.source, own)


def repository_of(place: Place) -> Repository:
    """Return the repository that a node archives to."""
    return Repository(place.configuration / ARCHIVE_DIRECTORY)


def log_job(place: Place) -> Job:
    """Return the work that copies a node's log."""
    return Job(place.directory / WORK / JOBS / LOG_JOB)


class FullCacheError(ArchiverError):
    """Every connection is in use. The server runs."""


@contextlib.contextmanager
def answering(place: Place) -> Iterator[Platform]:
    """Ask the server; raises ArchiverError where it does not answer."""
    try:
        with session(place) as platform:
            yield platform
    except FullError:
        raise FullCacheError("Every connection of the cache is in use.") from None
    except (redis.RedisError, FileNotFoundError):
        raise ArchiverError(NO_ANSWER) from None


def mark(place: Place, platform: Platform | None, holding: Callable[[Place], Generation] = hold) -> Mark:
    """Hold the files and measure how far they reach. Raises ArchiverError."""
    for _ in range(TRIES):
        held = holding(place)
        moment = _told(platform) if platform else _reckoned()
        at = held.size
        if is_last(place, held):
            return Mark(held, moment, at)
    raise ArchiverError("The append-only files change too fast to be copied.")


def is_last(place: Place, held: Generation) -> bool:
    """Whether the server has begun no other file than the last that is held."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return parse((place.data / DIRECTORY / MANIFEST).read_text()).last == held.manifest.last
    return False


def server_time(platform: Platform) -> datetime:
    """Ask the server for its second."""
    return datetime.fromtimestamp(int(platform.ask("TIME")[0]), UTC)


def _told(platform: Platform) -> datetime:
    """Return the server's time; everything that it answered before is in its files."""
    moment = server_time(platform)
    if not wait_until(lambda: not int(platform.ask("INFO", "persistence")["aof_buffer_length"]), WRITE_SECONDS):
        raise ArchiverError("The server can't write its log.")
    return moment


def _reckoned() -> datetime:
    """Return a second of before which a server that can't be asked has certainly written everything: it holds its file
    back for two seconds at most."""
    return datetime.fromtimestamp(int(time.time() - 2 * WRITE_SECONDS), UTC)


def copy(place: Place, held: Generation, reach: Reach, kind: str) -> Command:
    """Return what copies a generation into the archive. A link changes a file's own times, so that they don't count.

    The server has compressed its snapshot already: a backup, which is waited for, does not compress it once more, and takes
    a third of the processor's time. Log has the time.
    """
    compression = f"--compression={'off' if kind == BACKUP else 'auto'}"
    return repository_of(place).back_up([held.directory], reach.tags(kind), "--ignore-ctime", compression)


def look(place: Place, before: Mapping[str, Any], now: datetime) -> Look:
    """See what has arrived, and have more of the log copied where that is due. Raises ArchiverError."""
    repository = repository_of(place)
    if not repository.made():
        if "era" not in before:  # the first backup makes it
            return Look(before)
        repository.make()  # another node has archived so far
    note, found = _collected(place, dict(before))
    if log_job(place).state() is JobState.RUNNING:
        if generations.has_room(place):
            hold(place)
    elif not found.missing:  # that is saved first
        note = _advanced(place, note, now)
    return Look(note, found.archived_until, found.arrived_at, found.missing, note.get("problem", ""))


def _advanced(place: Place, note: Note, now: datetime) -> Note:
    """Have more of the log copied where that is due. A cache whose every place is taken for long is copied all the same."""
    with contextlib.ExitStack() as session:
        try:
            platform = session.enter_context(answering(place))
        except FullCacheError:
            if not note.get("era", "").startswith(f"{place.name} "):
                raise
            platform = None
        if platform:
            note = _era(place, platform, note)
        held = hold(place)
        if note.get("due") or _is_due(note, held, now):
            note = _start(place, mark(place, platform), note)
    return note


def seal(place: Place, before: Mapping[str, Any]) -> tuple[datetime, Note]:
    """Measure how far the log reaches and have it copied now, or next. Raises ArchiverError."""
    with answering(place) as platform:
        if log_job(place).state() is JobState.RUNNING:  # its files are held; the next look goes on
            _identity(place, platform)
            return mark(place, platform).moment, {**before, "due": True}
        era = _era(place, platform, dict(before))
        note, found = _collected(place, era)
        measured = mark(place, platform)
        if found.missing:  # the next look tells of it, and goes on
            return measured.moment, {**era, "due": True}
        return measured.moment, _start(place, measured, note)


def end(directory: Path) -> None:
    """End what still copies out of a node's directory."""
    Job(directory / WORK / JOBS / LOG_JOB).end()


def _era(place: Place, platform: Platform, note: Note) -> Note:
    """Let go of files that another primary, or this one before it was another's standby, has not continued."""
    era = _identity(place, platform)
    if note.get("era") == era:
        return note
    generations.release_all(place)
    note.pop("held", None)
    return {**note, "era": era, "era_since": datetime.now(UTC).isoformat()}


def _identity(place: Place, platform: Platform) -> str:
    """Return what is another's as soon as the primary is another one, or not the same any more. Raises ArchiverError for a
    node that is not the primary."""
    facts = platform.ask("INFO", "replication")
    if facts["role"] != "master":
        raise ArchiverError("The server is not the primary now.")
    return f"{place.name} {facts['master_replid']}"


def _is_due(note: Note, held: Generation, now: datetime) -> bool:
    begun, took = note.get("beaten_at"), float(note.get("took", 0))
    since = (now - datetime.fromisoformat(begun)).total_seconds() if begun else None
    changed = [held.directory.name, held.size] != note.get("held") or bool(note.get("problem"))
    if since is not None and since < min(took * SHARE, IDLE_BEAT_SECONDS):
        return False
    early = 0 if changed or since is None else LOOK_SECONDS
    return beat_is_due(since_last=None if since is None else since + early, changed=changed)


def _start(place: Place, measured: Mark, note: Note) -> Note:
    """Copy the generation that is over, where there is one, else the current one, which is due soon then."""
    job, past = log_job(place), generations.over(place, measured.held)
    held = past or measured.held
    own = datetime.fromisoformat(note["era_since"]) if "era_since" in note else None
    reach = measured.reach(held, own)
    job.forget()
    job.directory.mkdir(mode=0o700, parents=True)
    facts = {
        "since": held.since,
        "until": measured.moment.isoformat(),
        "reached": note.get("until") or _reached(place),
        "release": str(held.directory) if past else "",
        "began": time.time(),
    }
    write_private(job.directory / FACTS_FILE, json.dumps(facts))
    job.start(copy(place, held, reach, LOG), niceness=LOW_PRIORITY)
    begun = {"beaten_at": measured.moment.isoformat(), "held": [measured.held.directory.name, measured.at]}
    return {**note, **begun, "due": bool(past)}


def _reached(place: Place) -> str:
    """Ask the archive up to where its log is, for a node that does not know it. Raises ArchiverError."""
    moment = reached(units(repository_of(place).snapshots(engine=ENGINE)))
    return moment.replace(microsecond=0).isoformat() if moment else ""


def _collected(place: Place, note: Note) -> tuple[Note, Look]:
    """Take note of a copy that has ended, once. What is known of it stays until the next one begins: whoever looks may
    die before it is saved what was seen."""
    job = log_job(place)
    state = job.state()
    if state in {JobState.ABSENT, JobState.RUNNING}:
        return note, Look(note)
    if state is JobState.LOST or job.code != 0:
        words = "The work was stopped." if state is JobState.LOST else meaning(job.last_words())
        return {**note, "problem": f"The log could not be copied. {words}"}, Look(note)
    facts = json.loads((job.directory / FACTS_FILE).read_text())
    if facts["release"]:
        generations.release(Path(facts["release"]))
    if facts["until"] == note.get("until"):
        return note, Look(note)
    finished = (job.directory / "result").stat().st_mtime
    # The first second of the new generation, and the last that the archive had: consecutive ones leave none out.
    reached = datetime.fromisoformat(facts["reached"]).timestamp() if facts["reached"] else None
    missing = GAP if reached is not None and facts["since"] > reached + 1 else ""
    note = {**note, "until": facts["until"], "took": finished - facts["began"], "problem": ""}
    until = datetime.fromisoformat(facts["until"])
    return note, Look(note, until, datetime.fromtimestamp(finished, UTC), missing)

"""Making a PostgreSQL standby out of its primary: a base backup, or a former primary that is rewound.

Both are programs that run on their own (see ``host.jobs``), so that neither a step nor a worker has to last as long.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg

from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.configuration import SETTINGS_FILE
from datastores.sites.local.postgresql.logins import platform_login
from datastores.sites.local.postgresql.names import PLATFORM, PLATFORM_DATABASE
from datastores.sites.local.postgresql.part import SIGNAL_FILE, connection_string, slot_of
from datastores.sites.local.postgresql.programs import program
from datastores.sites.local.replication import CopyFailed
from datastores.sites.local.usage import used_bytes
from host.files import sync
from host.jobs import Command, Job, JobState
from host.waiting import wait_until

WATCH_SECONDS = 3.0
ENVIRONMENT = {"LC_ALL": "C"}
UNFINISHED = "copying"  # beside the data directory, renamed to it at the end
REWOUND = "rewound"  # there from the first change that pg_rewind may make until it has succeeded


def copy(place: Place, source: Place) -> str | None:
    """Go on with a base backup; None when the data directory is there. Raises CopyFailed."""
    job, unfinished = Job(place.directory / "copy.job"), place.directory / UNFINISHED
    if place.data.exists():
        job.forget()
        return None
    if job.state() in {JobState.ABSENT, JobState.LOST}:
        job.forget()
        shutil.rmtree(unfinished, ignore_errors=True)
        job.start(Command(_backup(place, source, unfinished), ENVIRONMENT))
    if not _has_ended(job):
        return _progress(unfinished, source)
    if job.code:
        last = job.last_words().splitlines()[-1:]
        job.forget()
        raise CopyFailed(f"The copy failed: {''.join(last)[:200]}")
    (unfinished / SIGNAL_FILE).touch(mode=0o600)
    sync(unfinished)
    unfinished.rename(place.data)
    sync(place.directory)
    job.forget()
    return None


def rewind(place: Place, source: Place) -> bool | None:
    """Go on with pg_rewind. A rewind that broke off leaves a directory that nothing but a full copy mends."""
    job, begun = Job(place.directory / "rewind.job"), place.directory / REWOUND
    if not (place.data / "PG_VERSION").exists():
        return False
    state = job.state()
    if begun.exists() and state in {JobState.ABSENT, JobState.LOST}:
        return False
    if state is JobState.ABSENT:
        try:
            with platform_login(source) as connection:
                connection.execute("CHECKPOINT")  # until the first one after a promotion nothing is found to rewind
        except psycopg.Error as error:
            raise CopyFailed("The new primary did not answer.") from error
        begun.touch(mode=0o600)
        sync(place.directory)
        job.start(Command(_rewind(place, source), ENVIRONMENT))
    if not _has_ended(job):
        return None
    if job.code:
        return False
    (place.data / SIGNAL_FILE).touch(mode=0o600)
    sync(place.data)
    begun.unlink(missing_ok=True)
    job.forget()
    return True


def _has_ended(job: Job) -> bool:
    """Wait for some seconds. A job that was killed meanwhile has not ended: the next call sees that it was lost."""
    return wait_until(lambda: job.state() is not JobState.RUNNING, WATCH_SECONDS) and job.state() is JobState.ENDED


def _backup(place: Place, source: Place, target: Path) -> list[str]:
    return [
        str(program("pg_basebackup")),
        "--dbname",
        connection_string(place, source),
        "--pgdata",
        str(target),
        "--wal-method=stream",
        f"--slot={slot_of(place)}",
        "--checkpoint=fast",
        "--no-manifest",
        "--no-password",
    ]


def _rewind(place: Place, source: Place) -> list[str]:
    return [
        str(program("pg_rewind")),
        "--target-pgdata",
        str(place.data),
        "--source-server",
        f"host='{source.sockets}' port={source.port} user={PLATFORM} dbname={PLATFORM_DATABASE} sslmode=disable",
        f"--config-file={place.configuration / SETTINGS_FILE}",
    ]


def _progress(unfinished: Path, source: Place) -> str:
    done, whole = used_bytes(unfinished), used_bytes(source.data)
    return f"Copying from the primary: {min(done, whole) / 2**20:,.0f} of about {whole / 2**20:,.0f} MiB."

"""The console's dumps in the bucket of the archives, by restic: for the day on which this machine is lost."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

from console.errors import Refusal
from host import restic_bucket
from host.buckets import Bucket
from host.files import write_private
from host.paths import Home
from host.trees import Programs, TreeError

NAME: Final = "console"  # in the bucket
ABSENT: Final = 10  # restic's exit code where there is no repository
LONGEST_SECONDS: Final = 3600
SAFE: Final = "The dump itself is in the archive directory."
# $1 is restic. 11: locked, by a call that was killed as a rule.
SCRIPT: Final = 'restic=$1; shift; "$restic" "$@"; code=$?; [ "$code" -eq 11 ] || exit "$code"; "$restic" unlock && exec "$restic" "$@"'


def copy(home: Home, bucket: Bucket, key_file: Path, kept: int) -> None:
    """Bring the dumps into the bucket, where the newest ``kept`` states stay. Raises :class:`Refusal`."""
    if _restic(home, bucket, key_file, "cat", "config") == ABSENT:
        _restic(home, bucket, key_file, "init")
    done = _restic(home, bucket, key_file, "backup", "--host=console", str(home.archive / NAME))
    if done != 0:
        raise Refusal("The console's dump could not be copied into the bucket.", f"{SAFE} It is tried again each hour.")
    _restic(home, bucket, key_file, "forget", f"--keep-last={kept}", "--group-by=host", "--prune")


def fetch(home: Home, bucket: Bucket, key_file: Path) -> Path:
    """Bring the newest dumps back out of the bucket; returns their folder. Raises :class:`Refusal`."""
    to = home.archive / NAME
    if _restic(home, bucket, key_file, "restore", f"latest:{_origin(home, bucket, key_file)}", f"--target={to}") != 0:
        raise Refusal(
            "The console's dumps could not be fetched.",
            f"Look at HEADWATER_ARCHIVE_… and {key_file}; nothing was changed.",
        )
    return to


def _origin(home: Home, bucket: Bucket, key_file: Path) -> str:
    """Return the folder that was copied: another machine's home may have been elsewhere."""
    asked = _call(home, bucket, key_file, "snapshots", "--json", "latest")
    found = json.loads(asked.stdout or "null") if asked.returncode == 0 else None
    return str(found[0]["paths"][0]) if found else "/"


def _restic(home: Home, bucket: Bucket, key_file: Path, *arguments: str) -> int:
    return _call(home, bucket, key_file, *arguments).returncode


def _call(home: Home, bucket: Bucket, key_file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call restic; its words are not shown, since nobody checked what they reveal."""
    directory = home.console / "bucket"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(directory / "repository", f"s3:{bucket.endpoint}/{bucket.name}{bucket.path(NAME)}\n")
    restic_bucket.keep(directory, bucket)
    try:
        restic = Programs(home.engines).program("restic", "restic").resolve()
    except TreeError as error:
        raise Refusal("restic is not installed, so nothing was copied into the bucket.", str(error)) from None
    return subprocess.run(
        ["sh", "-c", SCRIPT, "restic", str(restic), "--no-cache", *restic_bucket.options(directory), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C",
            "RESTIC_REPOSITORY_FILE": str(directory / "repository"),
            "RESTIC_PASSWORD_FILE": str(key_file),
            **restic_bucket.environment(directory),
        },
        cwd="/",
        umask=0o077,
        timeout=LONGEST_SECONDS,
        stdin=subprocess.DEVNULL,
    )

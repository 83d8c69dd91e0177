"""Run after a restore, by its path and apart from the platform: trims the log to its last complete command, checks that all
of it came, and cuts it at a moment. What it says is for people, and holds no secret.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

NOTHING_BEFORE = "has nothing before timestamp"
CUT = "Successfully truncated"


class DamagedError(Exception):
    """The log can't be used; the words say why, in a few that ``archiver.MEANINGS`` translates."""


def main(words: list[str]) -> None:
    """Work on one directory of append-only files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--checker", required=True)  # valkey-check-aof
    parser.add_argument("--file", required=True)  # the last one
    parser.add_argument("--at", type=int, required=True)  # how many bytes of it must be there
    parser.add_argument("--moment", type=int)  # cut before this second
    parser.add_argument("directory", type=Path)
    asked = parser.parse_args(words)
    manifest = asked.directory / "appendonly.aof.manifest"
    lines = manifest.read_text().splitlines()
    files = [asked.directory / line.split(" ")[1] for line in lines if line.endswith("type i")]
    trim(asked.checker, files[-1])
    if (asked.directory / asked.file).stat().st_size < asked.at:
        raise DamagedError("the log is cut off")
    if asked.moment is None:
        return
    kept = [*(file.name for file in cut(asked.checker, files, asked.moment))]
    manifest.write_text("".join(f"{line}\n" for line in lines if line.split(" ")[1] in kept or line.endswith("type b")))


def trim(checker: str, file: Path) -> None:
    """Remove what follows the last complete command."""
    done = subprocess.run([checker, "--fix", str(file)], check=False, input="y\n", capture_output=True, text=True)
    if done.returncode != 0:
        raise DamagedError("the log is damaged")


def cut(checker: str, files: list[Path], moment: int) -> list[Path]:
    """Remove what was written in this second or later; return the files that are left.

    The server notes the second before the first command of each, so what stands before a later note was earlier.
    """
    for number, file in enumerate(files):
        arguments = [checker, "--truncate-to-timestamp", str(moment - 1), str(file)]
        done = subprocess.run(arguments, check=False, capture_output=True, text=True)
        if NOTHING_BEFORE in done.stdout:
            file.write_bytes(b"")
        elif done.returncode != 0:
            raise DamagedError("the log is damaged")
        if NOTHING_BEFORE in done.stdout or CUT in done.stdout:
            for later in files[number + 1 :]:
                later.unlink()
            return files[: number + 1]
    return files


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except DamagedError as error:
        sys.exit(str(error))

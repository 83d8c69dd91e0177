"""Turns what apt, dpkg-deb and the file system complain about into one clear sentence."""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Iterator

from .errors import TreeError

NOTHING_CHANGED = "Nothing was installed; what was there before still works."

APT_MISSING = TreeError(
    "There is no apt on this machine, and engine trees are made of Debian packages.",
    "Use Debian or Ubuntu, or name the directories of installed programs in HEADWATER_POSTGRESQL_BIN, "
    "HEADWATER_VALKEY_BIN, HEADWATER_HAPROXY_BIN and HEADWATER_RUNIT_BIN.",
)
DISK_FULL = TreeError(
    f"The disk is full. {NOTHING_CHANGED}",
    "Free some space below the engines directory, then try again.",
)

# The first pattern that is found decides, so the causes stand before their consequences.
CAUSES = (
    (r"No space left on device|don't have enough free space|Disk quota exceeded", DISK_FULL),
    (
        r"Hash Sum mismatch|Hashes of received file|unexpected size|File has unexpected",
        TreeError(
            f"A downloaded file is not the one that Debian signed, so it was thrown away. {NOTHING_CHANGED}",
            "Try again; if it stays so, the mirror or a proxy in between damages files: use another one.",
        ),
    ),
    (
        r"NO_PUBKEY|EXPKEYSIG|BADSIG|is not signed|couldn't be verified|GPG error",
        TreeError(
            f"The mirror's package list has no valid signature of Debian. {NOTHING_CHANGED}",
            "Update the package debian-archive-keyring and check the mirror's address, then try again.",
        ),
    ),
    (
        (
            r"Could not resolve|Temporary failure resolving|Could not connect|Unable to connect"
            r"|[Cc]onnection (failed|timed out|refused|reset)|Network is unreachable|Cannot initiate"
            r"|Error reading from server|Undetermined Error|reset by peer|Could not handshake"
        ),
        TreeError(
            f"The package mirror can't be reached or broke the download off. {NOTHING_CHANGED}",
            "Check this machine's network, proxy and apt settings, then try again.",
        ),
    ),
    (
        r"Unable to locate package|has no installation candidate|does not have a Release file|404  Not Found",
        TreeError(
            f"The package mirror does not have a package that is needed. {NOTHING_CHANGED}",
            "Try again in an hour, or set HEADWATER_DEBIAN_MIRROR to another mirror.",
        ),
    ),
)


def explain(program: str, complaint: str) -> TreeError:
    """The error for a program that failed, by what it wrote."""
    for pattern, error in CAUSES:
        if re.search(pattern, complaint):
            return TreeError(error.sentence, error.remedy)
    lines = [line for line in complaint.splitlines() if line.strip()]
    told = next((line for line in lines if line.startswith("E:")), lines[-1] if lines else "nothing")
    sentence = f"{program} failed and says: {told.strip()} {NOTHING_CHANGED}"
    return TreeError(sentence, "Mend that, then try again.")


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """Give a full disk its sentence wherever it shows."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise TreeError(DISK_FULL.sentence, DISK_FULL.remedy) from error
        raise

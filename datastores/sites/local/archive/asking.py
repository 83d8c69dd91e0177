"""Runs an archiver's short commands and waits for what they say."""

from __future__ import annotations

import subprocess

from datastores.sites.local.archive.errors import ArchiverError
from host.jobs import Command


def ask(call: Command, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with no more of an environment than it has. Raises ArchiverError where it takes longer."""
    try:
        return subprocess.run(
            call.arguments,
            check=False,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", **call.environment},
            cwd="/",
            umask=0o077,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise ArchiverError(f"The archive did not answer within {seconds:.0f} seconds.") from None

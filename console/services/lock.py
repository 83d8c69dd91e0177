"""One `up` at a time for an installation: a lock that the kernel frees however its holder ends."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass

from host.paths import Home


@dataclass(frozen=True)
class ConsoleLock:
    """The lock of one home; it stays held over `exec`, so that the foreground keeps what `up` took."""

    descriptor: int

    @classmethod
    def take(cls, home: Home) -> ConsoleLock | None:
        """Return the lock, or None where another process holds it."""
        descriptor = os.open(home.root / "console.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def release(self) -> None:
        """Let others have it."""
        os.close(self.descriptor)

    def keep_over_exec(self) -> None:
        """Hand it on to the program that this process becomes."""
        os.set_inheritable(self.descriptor, True)  # noqa: FBT003

"""When silence is an alarm: a pure function from what is known of an archive to sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from datastores.schedule import NO_BACKUP, NO_PROOF, SILENCE

# A disk with less room than this share can soon take neither backups nor log.
LEAST_FREE: Final = 0.1
TITLES: Final = {
    "log": "its log is not archived",
    "backup": "no backup for more than a day",
    "proof": "no backup was proved for two days",
    "space": "the archive is nearly full",
    "damaged": "the newest backup can't be relied on",
    "gap": "a part of its log is lost",
    "key": "the key of its archive can't be read",
}
NO_KEY: Final = (
    "The key that encrypts the archive can't be read: the installation's key file is missing or is another one."
)


@dataclass(frozen=True)
class ArchiveFacts:
    """What is known. ``since`` is when the server began to run: nothing that was not possible is missed."""

    since: datetime
    archived_until: datetime | None
    backup_at: datetime | None
    proof_at: datetime | None
    newest_is_damaged: bool = False
    problem: str = ""
    key_missing: bool = False
    unbroken_since: datetime | None = None  # before it, log is missing
    free: float | None = None  # share of the archive's disk


def alarms(facts: ArchiveFacts, now: datetime) -> dict[str, str]:
    """Return a sentence for each alarm that holds, by its name (see ``TITLES``), for a store that should run."""
    found = {}
    reached = max(facts.since, facts.archived_until or facts.since)
    if now - reached > SILENCE:
        minutes = int((now - reached).total_seconds() // 60)
        found["log"] = (
            f"Nothing of the last {minutes} minutes is archived. {facts.problem} "
            "The data store works; a lost node would lose what is not archived."
        ).replace("  ", " ")
    if now - max(facts.since, facts.backup_at or facts.since) > NO_BACKUP:
        found["backup"] = "No backup was completed in the last 26 hours. Look at the history, then back up now."
    if now - max(facts.since, facts.proof_at or facts.since) > NO_PROOF:
        found["proof"] = "No backup was proved in the last 48 hours, so nobody knows whether it can be restored."
    if facts.newest_is_damaged:
        found["damaged"] = "The newest backup could not be restored. Back up now, and have the new one proved."
    if facts.unbroken_since and (facts.backup_at is None or facts.backup_at < facts.unbroken_since):
        found["gap"] = (
            f"A part of the log never reached the archive (noticed at {facts.unbroken_since:%H:%M:%S} UTC). Until the next backup is "
            "complete, earlier backups can be restored as they are, but not every second. It begins by itself."
        )
    if facts.key_missing:
        found["key"] = f"{NO_KEY} Put that file back: without it nothing in the archive can be restored."
    if facts.free is not None and facts.free < LEAST_FREE:
        found["space"] = f"The archive's disk has only {facts.free:.0%} left. Free some space or move to a larger disk."
    return found

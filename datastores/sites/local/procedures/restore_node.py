"""Replacing the only node of a data store, when it is lost, by a new one out of the archive: same address, same logins."""

from __future__ import annotations

import shutil
import uuid
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from django.utils import timezone

from console.templatetags.ui import duration
from datastores.models import Archive, DataStore, Node
from datastores.operations.outcomes import Fail, Goto, Outcome
from datastores.operations.procedure import step
from datastores.sites.local import addresses
from datastores.sites.local.places import place_of
from datastores.sites.local.procedures.restore import RestoringProcedure

KILL_SECONDS = 8.0
KEPT = "What is left of the lost node is kept in lost/, and its archive is not affected."


class RestoreNode(RestoringProcedure):
    """Fence, set aside, fetch, salvage, replay, secure, publish, verify. It needs nothing but its store."""

    kind = "restore_node"
    title: ClassVar[str] = "Restore the lost node from its backup"
    last_words: ClassVar[str] = "The data store is running on a new node."
    first = "fence"

    @step("Close the address and end the old server")
    def fence(self) -> Outcome:
        """No server may write to what is being replaced, and nobody may reach it: the proof is that no process is left."""
        kept = [backup for backup in self.archive.kept() if not backup.damaged]
        if not kept:
            return Fail("There is no good backup, so the node can't be restored.", "What is on disk is left as it is.")
        self.memo |= {"archive": self.archive.pk, "label": kept[-1].label}
        self.memo.setdefault("found", timezone.now().isoformat())
        self.memo.setdefault("seen", self._last_seen().isoformat())
        self.close_address()
        place = place_of(self.node, self.machine.home)
        self.machine.supervisor.kill(place.name, KILL_SECONDS)
        self.archiver.end(place.directory)
        self.memo["old"] = {"node": str(self.node.pk), "name": place.name}
        self.memo.setdefault(
            "new", str(uuid.uuid4())
        )  # its directory bears its name, so it is chosen before it is made
        return Goto("set_aside")

    @step("Set the old node aside")
    def set_aside(self) -> Outcome:
        """Keep what is left of its files, and give the store a new node."""
        name = self.memo["old"]["name"]
        self.machine.supervisor.remove(name, KILL_SECONDS)
        directory, lost = self.machine.home.nodes / name, self.lost
        if directory.exists():
            lost.parent.mkdir(mode=0o700, exist_ok=True)
            directory.rename(lost)
        shutil.rmtree(self.machine.home.run / name, ignore_errors=True)
        old = Node.objects.filter(pk=self.memo["old"]["node"]).first()
        if old:
            number = max(self.store.nodes.values_list("number", flat=True)) + 1  # a standby may have been in the making
            old.delete()
            Node.objects.create(pk=self.memo["new"], store=self.store, number=number, role=Node.Role.PRIMARY)
        addresses.reserve_node_port(self.node)
        self.place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Goto("fetch")

    @step("Restore the backup")
    def fetch(self) -> Outcome:
        """Copy the newest backup out of the archive into the new node's directory."""
        outcome = super().fetch()
        return Goto("salvage") if isinstance(outcome, Goto) else outcome

    @step("Save log that was not archived yet")
    def salvage(self) -> Outcome:
        """Take over what is left of the old node's log and never reached the archive."""
        data = self.lost / "data"
        self.memo["salvaged"] = self.archiver.salvage(data, self.place) if data.exists() else 0
        return Goto("replay")

    @step("Replay the log")
    def replay(self) -> Outcome:
        """Replay everything that is there, and note how far that came."""
        outcome = super().replay()
        if isinstance(outcome, Goto):
            self.memo["last"] = self.archiver.replay_position(self.place)
            self._begin_anew()
        return outcome

    def _begin_anew(self) -> None:
        """Have the new node backed up soon. Log that was saved may be missing in the archive, so the window begins with
        that backup then."""
        archive, now = Archive.objects.select_for_update().get(pk=self.archive.pk), timezone.now()
        archive.position, archive.next_backup_at = {}, now
        if self.memo["salvaged"]:
            archive.unbroken_since = now
        archive.save(update_fields=["position", "next_backup_at", "unbroken_since"])

    @property
    def lost(self) -> Path:
        """Where what is left of the old node is kept."""
        stamp = datetime.fromisoformat(self.memo["found"])
        return self.machine.home.root / "lost" / f"{self.memo['old']['name']}-{stamp:%Y%m%dT%H%M%S}"

    def words(self) -> str:
        """State exactly what is back and what is lost."""
        recovered = datetime.fromisoformat(self.memo["recovered_to"]) if self.memo.get("recovered_to") else None
        seen, found = (datetime.fromisoformat(self.memo[name]) for name in ("seen", "found"))
        log = " and the log that was left on the lost node" if self.memo["salvaged"] else ""
        last = self.memo.get("last")
        if recovered is None or last is None:
            return f"{self.last_words} It has the state of backup {self.memo['label']}; what came after it is lost."
        gap = duration(max(0.0, (found - max(recovered, _moment(last) or recovered)).total_seconds()))
        return (
            f"Running on a new node, from backup {self.memo['label']}, the archive{log}. The last change that is back is of "
            f"{last or f'{recovered:%H:%M:%S} UTC'}. The old node was last seen at {seen:%H:%M:%S} and found lost at "
            f"{found:%H:%M:%S} UTC: what was committed in between and is not back, at most {gap}, is lost."
        )

    def _last_seen(self) -> datetime:
        """Return when a client could last log in, as far as that was measured."""
        answered = self.store.evidence_at if self.store.state == DataStore.State.RUNNING else self.store.state_since
        looked = self.archive.position.get("beaten_at")
        moments = [moment for moment in (answered, datetime.fromisoformat(looked) if looked else None) if moment]
        return max(moments, default=self.store.state_since)

    def failed(self, failure: Fail) -> None:
        """Say where the data is."""
        super().failed(Fail(f"{failure.sentence} {KEPT}", failure.remedy))


def _moment(words: str) -> datetime | None:
    """Read what ``replay_position`` says."""
    try:
        return datetime.fromisoformat(words.replace(" UTC", "+00:00"))
    except ValueError:
        return None

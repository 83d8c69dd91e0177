"""Where acknowledged writes are, in a sentence with its evidence: what holds now, and since when it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.utils import timezone

from datastores.engines.registry import ENGINES
from datastores.models import DataStore, Node
from datastores.presentation.states import ASKED_TO_STOP
from datastores.sites.registry import driver_of

State = DataStore.State
STANDING_STILL: Final = frozenset({*ASKED_TO_STOP, State.DELETING})


@dataclass(frozen=True)
class Guarantee:
    """A notice. ``since`` is when the guarantee was suspended, None while it holds or where there is none."""

    tone: str  # success, info or warning
    title: str
    text: str
    since: datetime | None = None

    @property
    def is_trouble(self) -> bool:
        """Whether it belongs on the Overview too."""
        return self.tone == "warning"


def guarantee_of(store: DataStore, nodes: Sequence[Node]) -> Guarantee:
    """Return what a person should know about the writes of this store, ``nodes`` being all of its nodes."""
    if store.plan.node_count < 2:
        lost = ARCHIVED if driver_of(store).backs_up(store) else NOT_ARCHIVED
        return Guarantee("info", ONE_NODE, f"{IN_PLACE} {lost} {WITH_STANDBYS}")
    if store.state in STANDING_STILL:
        return Guarantee(
            "info", "Nobody writes now", "The data store is off or on its way. Each node keeps what it has."
        )
    standbys = [node for node in nodes if node.role == Node.Role.STANDBY]
    if is_asynchronous(store):
        return _asynchronous(standbys)
    counted = [node for node in standbys if node.counted]
    if counted and store.guarantee_suspended_since is None:
        return _holds(counted)
    if store.state == State.CREATING:
        return Guarantee("info", "The standbys are being made", f"{ALONE} Each one then holds them on two nodes.")
    return _suspended(store.guarantee_suspended_since, standbys)


def is_asynchronous(store: DataStore) -> bool:
    """Whether the store's engine tells the client that a write is done before any standby has it."""
    engine = ENGINES.get(store.engine)
    return engine is not None and engine.asynchronous


def names_of(nodes: Sequence[Node], joined: str = "or") -> str:
    """Return nodes as people say them: "node 2 or node 3"."""
    names = [f"node {node.number}" for node in nodes]
    return f" {joined} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 2 else names)


ONE_NODE: Final = "One node, no standby"
IN_PLACE: Final = "If its process fails it is started again in place, with every acknowledged write."
ARCHIVED: Final = (
    "If its data are lost, a new node is made from its backup and the archived log, under the same address."
)
NOT_ARCHIVED: Final = "If its data are lost, nobody else has them: no backup is taken yet."
WITH_STANDBYS: Final = "Business and Premium plans keep each write on two nodes and fail over by themselves."
RESTARTED: Final = "A crash of the process loses nothing: it is started again from its append-only file."
ALONE: Final = "Until a standby has everything, the primary alone acknowledges writes."


def _holds(counted: Sequence[Node]) -> Guarantee:
    return Guarantee(
        "success",
        "Each acknowledged write is on two nodes",
        f"The primary tells a client that a write is done only when {names_of(counted)} has it too. "
        "Whichever one node is lost, no acknowledged write is.",
    )


def _suspended(since: datetime | None, standbys: Sequence[Node]) -> Guarantee:
    began = f"Since {clock(since)} writes" if since else "Writes"
    reasons = " ".join(_why(node) for node in standbys) or "There is no standby now."
    return Guarantee(
        "warning",
        f"{began} are acknowledged by the primary alone",
        "No standby has every acknowledged write. Writes go on; if the primary's data were lost now, the latest of them "
        f"would be lost too. {reasons} Each write is on two nodes again as soon as a standby has caught up.",
        since,
    )


def _asynchronous(standbys: Sequence[Node]) -> Guarantee:
    following = [node for node in standbys if node.following and node.state == Node.State.UP]
    if not following:
        reasons = " ".join(_why(node) for node in standbys)
        return Guarantee(
            "warning",
            "No standby follows the primary",
            f"{RESTARTED} If the primary's data were lost now, what was written since a standby followed last would be lost "
            f"too. {reasons}".strip(),
        )
    return Guarantee(
        "info",
        f"The primary alone acknowledges writes; {names_of(following, 'and')} {'get' if following[1:] else 'gets'} "
        "them an instant later",
        f"{RESTARTED} A failover may lose the last instants; the history below shows how much was measured each time.",
    )


def _why(node: Node) -> str:
    """Say why a standby does not count."""
    name = f"Node {node.number}"
    if node.state in {Node.State.PLANNED, Node.State.JOINING}:
        return f"{name} is being made."
    if node.state == Node.State.FENCED:
        return f"{name} was the primary before; it is kept out until it follows the present one."
    if node.state == Node.State.DOWN:
        return f"{name} is down."
    return f"{name} is catching up." if node.following else f"{name} does not follow the primary."


def clock(moment: datetime) -> str:
    """Return the time of day, with the date where it was not today: "14:05 UTC", "24 November, 14:05 UTC"."""
    moment = moment.astimezone(UTC)
    today = timezone.now().astimezone(UTC).date()
    return f"{moment:%H:%M} UTC" if moment.date() == today else f"{moment:%-d %B, %H:%M} UTC"

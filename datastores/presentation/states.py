"""A data store's state as a word, a look and a sentence with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from datastores.models import DataStore, Node

State = DataStore.State


@dataclass(frozen=True)
class Badge:
    """A state in one or two words, and the look of the design system that helps to find it."""

    state: str  # running, working, attention, failed, off, waiting or neutral
    word: str


# state -> (look, what it means for the person)
LOOKS: Final[dict[str, tuple[str, str]]] = {
    State.CREATING: (
        "working",
        "The server is being made. Its address and credentials are shown here when it answers.",
    ),
    State.RUNNING: ("running", "The server accepts connections over TLS."),
    State.UNREACHABLE: ("failed", "The last probe got no answer. What is on disk is left as it is."),
    State.POWERING_OFF: ("working", "Connections end. The data and the address are kept."),
    State.POWERED_OFF: (
        "off",
        "Nobody can connect. The data and the address are kept; powering on brings the server back.",
    ),
    State.POWERING_ON: ("working", "The server starts with its data, at the same address."),
    State.FAILED: ("failed", "The last work did not succeed. What happened and what to do stands below."),
    State.DELETING: ("working", "The server and its data are being removed for good."),
    State.DELETED: ("off", "The server and its data are gone. The activity trail stays."),
}
MOVING: Final = (State.CREATING, State.POWERING_OFF, State.POWERING_ON, State.DELETING)
ASKED_TO_STOP: Final = (State.POWERING_OFF, State.POWERED_OFF, State.POWERING_ON)
NODE_LOOKS: Final[dict[str, str]] = {
    Node.State.PLANNED: "waiting",
    Node.State.JOINING: "working",
    Node.State.UP: "running",
    Node.State.DOWN: "failed",
    Node.State.FENCED: "attention",
}


@dataclass(frozen=True)
class StateSentence:
    """The state with its meaning and its evidence."""

    badge: Badge
    meaning: str
    since: datetime
    evidence: str
    evidence_at: datetime | None


def badge_of(store: DataStore) -> Badge:
    """Return the store's state as a badge."""
    return Badge(state=LOOKS[store.state][0], word=State(store.state).label)


def sentence_of(store: DataStore) -> StateSentence:
    """Return the store's state as the overview tells it."""
    return StateSentence(
        badge=badge_of(store),
        meaning=LOOKS[store.state][1],
        since=store.state_since,
        evidence=store.evidence,
        evidence_at=store.evidence_at,
    )


def node_badge(node: Node) -> Badge:
    """Return a node's state as a badge; one that stands still because somebody asked for it is no failure."""
    if node.state == Node.State.DOWN and node.store.state in ASKED_TO_STOP:
        return Badge(state="off", word="Stopped")
    return Badge(state=NODE_LOOKS[node.state], word=Node.State(node.state).label)

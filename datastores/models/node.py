"""One engine process with its data directory."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from datastores.models.store import DataStore


class Node(models.Model):
    """A primary or standby of a data store. A replaced node gets a new row; rows are deleted with the node."""

    class Role(models.TextChoices):
        PRIMARY = "primary", "Primary"
        STANDBY = "standby", "Standby"

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        JOINING = "joining", "Being made"
        UP = "up", "Up"
        DOWN = "down", "Down"
        FENCED = "fenced", "Fenced"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.ForeignKey(DataStore, on_delete=models.PROTECT, related_name="nodes")
    number = models.PositiveSmallIntegerField(help_text="Counts up within the store; never used twice.")
    role = models.CharField(max_length=10, choices=Role, default=Role.PRIMARY)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    state_since = models.DateTimeField(default=timezone.now)
    port = models.PositiveIntegerField(
        null=True,
        blank=True,
        unique=True,
        help_text="Internal port on the site; nobody outside sees it.",
    )
    protection = models.CharField(
        max_length=120, blank=True, help_text="The sandbox and limits that are active, in words."
    )
    counted = models.BooleanField(
        default=False,
        help_text="A standby that may be the only one to hold an acknowledged write (see succession.py).",
    )
    following = models.BooleanField(default=False, help_text="A standby whose stream from the primary was up.")
    lag_bytes = models.BigIntegerField(null=True, blank=True)
    lag_seconds = models.FloatField(null=True, blank=True)
    measured_at = models.DateTimeField(null=True, blank=True, help_text="When the replication was looked at last.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("store", "number")
        constraints = [
            models.UniqueConstraint(fields=["store", "number"], name="node_number_once"),
            models.UniqueConstraint(fields=["store"], condition=models.Q(role="primary"), name="one_primary"),
        ]

    def __str__(self) -> str:
        return f"{self.store} node {self.number}"

    @staticmethod
    def make_all(store: DataStore) -> None:
        """Write the nodes of a new store: the primary first, then the plan's standbys."""
        Node.objects.bulk_create(
            Node(store=store, number=number, role=Node.Role.STANDBY if number > 1 else Node.Role.PRIMARY)
            for number in range(1, store.plan.node_count + 1)
        )

    @staticmethod
    def make_another(store: DataStore) -> Node:
        """Write a standby that is to be made, with a number that no node of the store has had."""
        highest = store.nodes.order_by("-number").values_list("number", flat=True).first() or 0
        return Node.objects.create(store=store, number=highest + 1, role=Node.Role.STANDBY, state=Node.State.JOINING)

    @property
    def is_fenced(self) -> bool:
        """Whether it must not be started as it is: another node was made the primary in its place."""
        return self.state == self.State.FENCED

    def set_state(self, state: State) -> None:
        """Save a new state; ``state_since`` moves only when the state changes."""
        if state != self.state:
            self.state, self.state_since = state, timezone.now()
            self.save(update_fields=["state", "state_since"])

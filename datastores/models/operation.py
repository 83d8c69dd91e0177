"""Long work as rows: one operation, its current step, and the timeline a person reads."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone

from datastores.models.store import DataStore


class OperationQuerySet(models.QuerySet["Operation"]):
    """The questions that the runner and the pages ask of operations."""

    def active(self) -> OperationQuerySet:
        """Those that still have work to do."""
        return self.filter(state__in=Operation.ACTIVE)

    def foreground(self) -> OperationQuerySet:
        """Those that have their data store to themselves."""
        return self.filter(background=False)

    def busy_stores(self) -> models.QuerySet[Operation, uuid.UUID | None]:
        """The stores that an operation has to itself now."""
        return self.active().foreground().exclude(store=None).values_list("store_id", flat=True)

    def due(self) -> OperationQuerySet:
        """Those whose time has come and that nobody holds a lease of."""
        now = timezone.now()
        free = models.Q(lease_until=None) | models.Q(lease_until__lt=now)
        return self.active().filter(free, due_at__lte=now)


class Operation(models.Model):
    """Provision, power off, delete … The row is the truth: kind, step, memo, lease and deadline."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    ACTIVE = ("waiting", "running")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.ForeignKey(DataStore, null=True, blank=True, on_delete=models.PROTECT, related_name="operations")
    kind = models.CharField(max_length=30)
    background = models.BooleanField(
        default=False, help_text="Backups and their proofs: they stand in nobody's way, and nothing waits for them."
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    step = models.CharField(max_length=40, help_text="The method of the procedure that runs next.")
    memo = models.JSONField(default=dict, blank=True, help_text="What later steps need; never a secret.")
    sentence = models.CharField(max_length=300, blank=True, help_text="What a person reads now.")
    remedy = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Claims of the current step so far.")
    lease = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    deadline = models.DateTimeField()
    requested_by = models.CharField(max_length=254, help_text="Who asked, as the audit trail names them.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["store"],
                condition=models.Q(state__in=("waiting", "running"), background=False),
                name="one_active_operation_per_store",
            ),
            models.UniqueConstraint(
                fields=["store"],
                condition=models.Q(state__in=("waiting", "running"), background=True),
                name="one_background_operation_per_store",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "-finished_at"], condition=models.Q(state="done"), name="operation_estimate"),
            models.Index(fields=["due_at"], condition=models.Q(state__in=("waiting", "running")), name="operation_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.store}" if self.store_id else self.kind

    @property
    def is_active(self) -> bool:
        """Whether there is still work to do."""
        return self.state in self.ACTIVE

    @property
    def duration(self) -> timedelta:
        """From the request to the end, or to now."""
        return (self.finished_at or timezone.now()) - self.created_at


class OperationStep(models.Model):
    """One line of the timeline: a step that was entered, how it went, and how long it took."""

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=40)
    label = models.CharField(max_length=80, help_text="What the step does, as the page writes it.")
    sentence = models.CharField(max_length=300, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    failed = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.label

    @property
    def seconds(self) -> float | None:
        """How long the step took, or None while it runs."""
        return (self.ended_at - self.began_at).total_seconds() if self.ended_at else None

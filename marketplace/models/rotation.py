"""A login that is being replaced by a successor, without a moment in which neither works."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from datastores.models import DataStore


class Rotation(models.Model):
    """The old login works until nobody uses it any more, or until a person ends it."""

    class State(models.TextChoices):
        WATCHING = "watching", "Both logins work"
        RETIRED = "retired", "The old login is retired"

    store = models.ForeignKey(DataStore, on_delete=models.PROTECT, related_name="rotations")
    database = models.CharField(max_length=64)
    old_username = models.CharField(max_length=63)
    new_username = models.CharField(max_length=63)
    base = models.CharField(max_length=63, blank=True)
    keeps_old = models.BooleanField(default=False, help_text="The super admin is never retired.")
    state = models.CharField(max_length=10, choices=State, default=State.WATCHING)
    quiet_since = models.DateTimeField(null=True, blank=True, help_text="Since when the old login has no session.")
    sessions = models.PositiveIntegerField(null=True, blank=True, help_text="Of the old login, when last counted.")
    checked_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    started_by = models.CharField(max_length=254)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-started_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["store", "new_username"], condition=models.Q(state="watching"), name="rotation_of_a_login_once"
            )
        ]
        indexes = [models.Index(fields=["state", "checked_at"], name="rotation_watch")]

    def __str__(self) -> str:
        return f"{self.old_username} → {self.new_username}"

"""The browsers that a person has signed in with: so that a new one is told of."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from console.models.person import Person


class KnownDevice(models.Model):
    """One browser of one person. Only the hash of its cookie is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="devices")
    token_hash = models.CharField(max_length=64)
    first_seen = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "token_hash"], name="device_once")]

    def __str__(self) -> str:
        return f"a browser of {self.person}"

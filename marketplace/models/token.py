"""A token that fetches one connection's values of one environment when something is deployed."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from django.db import models
from django.utils import timezone

from console.models import Person
from marketplace.models.connection import Binding

PREFIX: Final = "hwt_"  # so that a scanner for secrets recognizes one that leaked
SHOWN: Final = 10  # letters by which people tell tokens apart


class DeliveryToken(models.Model):
    """Only the token's hash is kept: 256 random bits need no salt. Revoked ones stay, for the trail."""

    binding = models.ForeignKey(Binding, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=60)
    token_hash = models.CharField(max_length=64, unique=True)
    beginning = models.CharField(max_length=SHOWN)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def hash(token: str) -> str:
        """Return the SHA-256 of a token in hexadecimal."""
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def generate(cls) -> str:
        """Return a new token."""
        return PREFIX + secrets.token_urlsafe(32)

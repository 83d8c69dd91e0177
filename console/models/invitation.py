"""An invitation into an organization: for one address, with a role, once, for a week."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.core import signing
from django.db import models
from django.utils import timezone

from console.models.organization import Organization
from console.models.person import Person
from console.permissions import Role

LIFETIME = timedelta(days=7)
SALT = "console.invitation"


def in_a_week() -> datetime:
    """Return when an invitation made now ends."""
    return timezone.now() + LIFETIME


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """The questions that the product asks of invitations."""

    def open(self) -> InvitationQuerySet:
        """Those that can still be accepted."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())


class Invitation(models.Model):
    """Who is invited as what. The link's token is a signature over the row's key: no secret is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail address", help_text="In lower case; only this address can accept.")
    role = models.CharField(max_length=20, choices=[(role.value, role.label) for role in Role])
    invited_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(default=in_a_week)
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_open(self) -> bool:
        """Whether it can still be accepted."""
        return self.accepted_at is None and self.revoked_at is None and timezone.now() < self.expires_at

    @property
    def token(self) -> str:
        """The token of the link; who has it and the address may join."""
        return signing.Signer(salt=SALT).sign(str(self.pk))

    @classmethod
    def of_token(cls, token: str) -> Invitation | None:
        """Return the invitation of a token that the console signed, whatever became of it; None for any other."""
        try:
            pk = signing.Signer(salt=SALT).unsign(token)
        except signing.BadSignature:
            return None
        found = cls.objects.select_related("organization", "invited_by")
        return found.filter(pk=pk, organization__deleted_at=None).first()

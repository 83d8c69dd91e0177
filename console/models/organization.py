"""The tenant, who belongs to it, and its environments."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from console.models.person import Person
from console.permissions import Role, allows

DEFAULT_ENVIRONMENTS = (("Development", False), ("Production", True))


class Tier(models.TextChoices):
    """What an organization may create, and whether it is billed."""

    FREE = "free", "Free"
    PAID = "paid", "Paid"


class Organization(models.Model):
    """A tenant. Everything a member sees belongs to exactly one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    handle = models.SlugField("handle", max_length=40, unique=True, help_text="Stands in the addresses of pages.")
    created_by = models.OneToOneField(
        Person,
        null=True,
        on_delete=models.SET_NULL,
        related_name="created_organization",
        help_text="A person creates at most one organization.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    tier = models.CharField(
        max_length=10,
        choices=Tier,
        default=Tier.FREE,
        help_text="Only a paid organization creates data stores that are not trials.",
    )
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    upgrade_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    members = models.ManyToManyField(Person, through="Member", related_name="organizations")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A person in an organization, with a role."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(role.value, role.label) for role in Role])
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    notices_read_at = models.DateTimeField(null=True, blank=True, editable=False)
    muted = models.JSONField(
        default=list, blank=True, editable=False, help_text="Kinds of notices that are not mailed to this member."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "person"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.person} in {self.organization}"

    def can(self, permission: str) -> bool:
        """Say whether the member's role has ``permission`` (see ``console.permissions.TABLE``)."""
        return allows(self.role, permission)


class Environment(models.Model):
    """Where credentials are used: Development and Production at first."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="environments")
    name = models.CharField(max_length=40)
    critical = models.BooleanField(
        default=False, help_text="Production is critical: its passwords need a stronger role."
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "name")
        constraints = [models.UniqueConstraint("organization", Lower("name"), name="environment_name_once")]

    def __str__(self) -> str:
        return self.name

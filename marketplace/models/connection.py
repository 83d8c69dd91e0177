"""A project's or component's use of a listing, and the login that it has in each environment."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from console.models import Environment, Member, Organization, Person
from console.permissions import NotAllowed
from datastores.models import Credential, KeptLogin
from marketplace.models.listing import Listing
from marketplace.models.project import Component, Project


class ConnectionQuerySet(models.QuerySet["Connection"]):
    """The questions that the product asks of connections."""

    def for_member(self, member: Member, permission: str) -> ConnectionQuerySet:
        """Those of the member's organization; refused (403) where the role lacks ``permission``."""
        if not member.can(permission):
            raise NotAllowed(permission)
        return self.filter(organization_id=member.organization_id)


class Connection(models.Model):
    """What a team made in order to use a database. It outlives the listing and the credentials it was made from."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="connections")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="connections")
    component = models.ForeignKey(
        Component,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="connections",
        help_text="Empty: the connection serves every component of the project.",
    )
    listing = models.ForeignKey(Listing, null=True, on_delete=models.SET_NULL, related_name="connections")
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = (Lower("name"),)
        constraints = [
            # In one project each name stands for one set of variables, in whichever component.
            models.UniqueConstraint("project", Lower("name"), name="connection_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> str:
        """Where it belongs, in words."""
        return f"{self.project} / {self.component}" if self.component else f"{self.project}, every component"


class Binding(KeptLogin):
    """A connection in one environment: a copy of the login, so that it works whatever becomes of the credential."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="bindings")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="bindings")
    credential = models.ForeignKey(Credential, null=True, on_delete=models.SET_NULL, related_name="bindings")
    credential_name = models.CharField(max_length=60)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "connection"  # what people call it where an environment is asked who uses it
        ordering = ("environment__position", "environment__name")
        constraints = [models.UniqueConstraint(fields=["connection", "environment"], name="binding_once")]
        indexes = [models.Index(fields=["store", "username"], name="binding_by_login")]

    def __str__(self) -> str:
        return f"{self.connection} in {self.environment}"

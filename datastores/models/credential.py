"""A login kept for one database and one environment, under the name that people choose it by."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from console.encryption import EncryptedTextField
from console.models import Environment, Member, Person
from console.permissions import NotAllowed
from datastores.logins import Rights
from datastores.models.store import DataStore

SEE_CRITICAL = "credential:use_critical"


class KeptLogin(models.Model):
    """A login as the console keeps it: everything that a client needs besides the address, and whether it works."""

    class Kind(models.TextChoices):
        CREATED = "created", "Created credentials"
        SUPER_ADMIN = "super_admin", "Super admin"
        MADE = "made", "Made by Headwater"

    class State(models.TextChoices):
        WORKS = "works", "Works"
        UNREACHABLE = "unreachable", "Not checked: no answer"
        PASSWORD = "password", "Password changed or login dropped"
        RIGHT = "right", "No right to connect"

    store = models.ForeignKey(DataStore, on_delete=models.PROTECT, related_name="%(class)ss")
    database = models.CharField(max_length=64)
    kind = models.CharField(max_length=12, choices=Kind)
    username = models.CharField(max_length=63)
    password = EncryptedTextField(blank=True, default="", help_text="Empty for the super admin: the data store has it.")
    rights = models.CharField(max_length=12, blank=True, choices=[(right.value, right.label) for right in Rights])
    key_prefix = models.CharField(max_length=64, blank=True)
    base = models.CharField(max_length=63, blank=True, help_text="The login that carries the rights, after a rotation.")
    state = models.CharField(max_length=12, choices=State, default=State.WORKS)
    state_sentence = models.CharField(max_length=300, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_super_admin(self) -> bool:
        """Whether it is the store's own login, whose password the store keeps and resets."""
        return self.kind == self.Kind.SUPER_ADMIN

    @property
    def secret(self) -> str:
        """The password that works now."""
        return self.store.admin_password if self.is_super_admin else self.password

    def copied_login(self) -> dict[str, Any]:
        """Return the login's own values, for another row that keeps them too."""
        names = ("store", "database", "kind", "username", "password", "rights", "key_prefix", "base", "state")
        return {name: getattr(self, name) for name in (*names, "state_sentence", "checked_at")}


class CredentialQuerySet(models.QuerySet["Credential"]):
    """The questions that the product asks of credentials."""

    def for_member(self, member: Member, permission: str) -> CredentialQuerySet:
        """Those of the member's organization and of environments that its role may use; refused (403) without
        ``permission``."""
        if not member.can(permission):
            raise NotAllowed(permission)
        mine = self.filter(store__organization_id=member.organization_id).exclude(store__state="deleted")
        return mine if member.can(SEE_CRITICAL) else mine.filter(environment__critical=False)


class Credential(KeptLogin):
    """A login that was imported, or made by the platform, for one database and one environment."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField("display name", max_length=60)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="credentials")
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        ordering = ("environment__position", "name")
        constraints = [models.UniqueConstraint("store", Lower("name"), name="credential_name_once")]
        indexes = [models.Index(fields=["store", "database"], name="credential_by_database")]

    def __str__(self) -> str:
        return self.name

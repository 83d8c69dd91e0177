"""One managed server: what was asked for, its state with evidence, and its super admin."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from console.encryption import EncryptedTextField
from console.models import Member, Organization, Person
from console.permissions import NotAllowed
from datastores.models.catalogue import Region, ServicePlan
from datastores.models.metering import METERED, MeterReading

if TYPE_CHECKING:
    from datastores.models.operation import Operation


class DataStoreQuerySet(models.QuerySet["DataStore"]):
    """The questions that the product asks of data stores."""

    def present(self) -> DataStoreQuerySet:
        """Those that were not deleted."""
        return self.exclude(state=DataStore.State.DELETED)

    def for_member(self, member: Member, permission: str) -> DataStoreQuerySet:
        """Those of the member's organization, deleted ones left out; refused (403) where the role lacks ``permission``."""
        if not member.can(permission):
            raise NotAllowed(permission)
        return self.present().filter(organization_id=member.organization_id)

    def update(self, **changes: Any) -> int:
        """Change rows, and read their meters where the change concerns what is paid for."""
        if not METERED.intersection(changes):
            return super().update(**changes)
        with transaction.atomic():
            mine = list(self.order_by().select_for_update(of=("self",)).values_list("pk", flat=True))
            rows = DataStore.objects.filter(pk__in=mine)
            changed = super(DataStoreQuerySet, rows).update(**changes)
            for store in rows.only("state", "plan", "trial_ends_at"):
                MeterReading.take(store)
        return changed

    def locked(self, store: DataStore) -> DataStore:
        """The store as it is now, held against other changes until the transaction ends."""
        return self.select_for_update(of=("self",)).select_related("region__site", "organization").get(pk=store.pk)

    def with_facts(self) -> DataStoreQuerySet:
        """With everything that a row of a list shows, in one query."""
        return self.select_related("plan", "region__cloud", "region__site", "slot")


class DataStore(models.Model):
    """A managed PostgreSQL, PostgreSQL vector, MySQL or cache server."""

    class State(models.TextChoices):
        CREATING = "creating", "Being created"
        RUNNING = "running", "Running"
        UNREACHABLE = "unreachable", "Not answering"
        POWERING_OFF = "powering_off", "Powering off"
        POWERED_OFF = "powered_off", "Powered off"
        POWERING_ON = "powering_on", "Powering on"
        FAILED = "failed", "Failed"
        DELETING = "deleting", "Being deleted"
        DELETED = "deleted", "Deleted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="stores")
    name = models.CharField("display name", max_length=60)
    engine = models.CharField(max_length=30, help_text="The slug of a registered engine.")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="stores")
    plan = models.ForeignKey(ServicePlan, on_delete=models.PROTECT, related_name="stores")
    state = models.CharField(max_length=20, choices=State, default=State.CREATING)
    state_since = models.DateTimeField(default=timezone.now)
    evidence = models.CharField(max_length=200, blank=True, help_text="What was last measured, as a sentence.")
    evidence_at = models.DateTimeField(null=True, blank=True)
    admin_user = models.CharField(max_length=63)
    admin_password = EncryptedTextField()
    next_admin_password = EncryptedTextField(
        blank=True, default="", help_text="A new password until the server took it."
    )
    default_database = models.CharField(max_length=63, blank=True)
    settings = models.JSONField(
        default=dict, blank=True, help_text="The engine's own settings that a person may change."
    )
    disk_used_bytes = models.BigIntegerField(null=True, blank=True)
    disk_measured_at = models.DateTimeField(null=True, blank=True)
    disk_warned_percent = models.PositiveSmallIntegerField(default=0, help_text="The highest threshold that was told.")
    read_only_since = models.DateTimeField(
        null=True, blank=True, help_text="Set while writes are stopped: disk nearly full."
    )
    guarantee_suspended_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when writes are acknowledged by the primary alone, in a store that should have standbys.",
    )
    monthly_drill = models.BooleanField(default=False, help_text="A failure drill once a month.")
    deletion_protection = models.BooleanField(default=False)
    trial_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="Set for a free trial; an upgrade of the organization clears it."
    )
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = DataStoreQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                "organization",
                condition=~models.Q(state="deleted"),
                name="store_name_once",
            ),
            models.UniqueConstraint(
                fields=["organization", "engine"],
                condition=models.Q(trial_ends_at__isnull=False) & ~models.Q(state="deleted"),
                name="one_trial_per_type",
            ),
        ]
        indexes = [models.Index(fields=["organization", "engine", "name"], name="store_list")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Save, and read the meter in the same transaction where the change concerns what is paid for."""
        metered = update_fields is None or METERED.intersection(update_fields)
        with transaction.atomic():
            super().save(*args, update_fields=update_fields, **options)
            if metered:
                MeterReading.take(self)

    def set_state(self, state: State, evidence: str = "") -> None:
        """Save a new state; ``state_since`` moves only when the state changes."""
        now = timezone.now()
        if state != self.state:
            self.state, self.state_since = state, now
        if evidence:
            self.evidence, self.evidence_at = evidence[:200], now
        self.save(update_fields=["state", "state_since", "evidence", "evidence_at"])

    def running_operation(self) -> Operation | None:
        """Return the operation that has this store to itself now, if there is one. Backups stand in nobody's way."""
        return self.operations.filter(state__in=("waiting", "running"), background=False).first()


# A client should be able to log in: the server is to be up, watched, and brought back after a restart of the machine.
SHOULD_RUN = (DataStore.State.RUNNING, DataStore.State.UNREACHABLE)

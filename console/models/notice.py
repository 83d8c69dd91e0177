"""What people are told: notices in the page, their deliveries by mail and webhook, and the webhooks themselves."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from console.encryption import EncryptedTextField
from console.models.organization import Member, Organization
from console.models.person import Person


class NoticeQuerySet(models.QuerySet["Notice"]):
    """The questions that the pages ask of notices."""

    def for_member(self, member: Member) -> NoticeQuerySet:
        """Those of the member's organization and those of the person alone."""
        mine = models.Q(organization_id=member.organization_id) | models.Q(person_id=member.person_id)
        return self.filter(mine)

    def unread(self, member: Member) -> NoticeQuerySet:
        """Those that came since the member last marked them as read, or joined."""
        return self.for_member(member).filter(at__gt=member.notices_read_at or member.joined_at)


class Notice(models.Model):
    """One thing that an organization, or one person alone, should know. It never holds a secret."""

    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, help_text="See console.notices.Kind.")
    tone = models.CharField(max_length=10, help_text="info, success, warning or danger.")
    subject = models.CharField(max_length=140)
    sentence = models.CharField(max_length=500)
    path = models.CharField(max_length=200, blank=True, help_text="The page of the console that it speaks of.")
    key = models.CharField(max_length=120, blank=True, help_text="The same key is told once.")
    at = models.DateTimeField(default=timezone.now, editable=False)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~models.Q(key=""), name="notice_told_once"),
            models.CheckConstraint(
                condition=models.Q(organization__isnull=False) | models.Q(person__isnull=False), name="notice_for_whom"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-at"], name="notice_by_organization"),
            models.Index(fields=["person", "-at"], name="notice_by_person"),
        ]

    def __str__(self) -> str:
        return self.subject


class Webhook(models.Model):
    """An address of the organization's that is told, signed with a secret that only both sides know."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=300)
    secret = EncryptedTextField()
    kinds = models.JSONField(default=list, help_text="The kinds that are sent.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return self.url


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """The questions that the sender asks."""

    def due(self) -> DeliveryQuerySet:
        """Those whose time has come, the longest waiting first."""
        return self.filter(state=Delivery.State.WAITING, due_at__lte=timezone.now()).order_by("due_at")


class Delivery(models.Model):
    """One notice on its way to one person by mail or to one webhook. The row is the outbox and the log."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    webhook = models.ForeignKey(Webhook, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    recipient = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="What the webhook's server answered.")
    problem = models.CharField(max_length=200, blank=True, help_text="Why the last attempt did not succeed.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="delivery_due"),
            models.Index(fields=["webhook", "-created_at"], name="delivery_by_webhook"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "webhook", "recipient"], name="delivery_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.notice} to {self.webhook or self.recipient}"

"""People, organizations, environments, notices and the audit trail."""

from console.models.audit import AuditEvent
from console.models.notice import Delivery, Notice, Webhook
from console.models.organization import Environment, Member, Organization, Tier
from console.models.person import OneTimeSignIn, Person

__all__ = [
    "AuditEvent",
    "Delivery",
    "Environment",
    "Member",
    "Notice",
    "OneTimeSignIn",
    "Organization",
    "Person",
    "Tier",
    "Webhook",
]

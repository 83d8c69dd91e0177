"""People, organizations, environments, notices and the audit trail."""

from console.models.audit import AuditEvent
from console.models.device import KnownDevice
from console.models.invitation import Invitation
from console.models.notice import Delivery, Notice, Webhook
from console.models.organization import Environment, Member, Organization, Tier
from console.models.person import OneTimeSignIn, Person

__all__ = [
    "AuditEvent",
    "Delivery",
    "Environment",
    "Invitation",
    "KnownDevice",
    "Member",
    "Notice",
    "OneTimeSignIn",
    "Organization",
    "Person",
    "Tier",
    "Webhook",
]

"""People, organizations, environments and the audit trail."""

from console.models.audit import AuditEvent
from console.models.organization import Environment, Member, Organization
from console.models.person import OneTimeSignIn, Person

__all__ = ["AuditEvent", "Environment", "Member", "OneTimeSignIn", "Organization", "Person"]

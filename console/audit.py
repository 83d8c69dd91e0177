"""Writing the audit trail: called by actions, in the transaction of what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from console.models.audit import AuditEvent
from console.models.organization import Organization
from console.models.person import Person


@dataclass(frozen=True)
class Actor:
    """Who acts: a person and the address they came from, or a named part of the platform."""

    person: Person | None = None
    address: str | None = None
    label: str = "platform"

    @property
    def name(self) -> str:
        """The words that stand in the trail."""
        return self.person.email if self.person else self.label


PLATFORM = Actor()


def record(
    action: str,
    *,
    actor: Actor,
    organization: Organization | None,
    subject: Model | None = None,
    **detail: Any,
) -> AuditEvent:
    """Add one event, such as ``record("store.created", actor=…, organization=…, subject=store, plan="…")``.

    ``detail`` must never hold a secret: it is shown to members as it is.
    """
    return AuditEvent.objects.create(
        organization_id=organization.pk if organization else None,
        actor_id=actor.person.pk if actor.person else None,
        actor=actor.name,
        action=action,
        object_type=subject._meta.model_name or "" if subject else "",
        object_id=str(subject.pk) if subject else "",
        object_name=str(subject)[:120] if subject else "",
        detail=detail,
        address=actor.address,
    )

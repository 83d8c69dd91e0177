"""Asking for an upgrade, and giving an organization another tier."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from console.audit import Actor, record
from console.models import Organization, Tier
from console.notices import Kind, notify
from console.tiers import tier_changed


@transaction.atomic
def ask_for_upgrade(*, actor: Actor, organization: Organization) -> bool:
    """Put the wish on the operators' front page. Returns False where it stands there, or nothing is to be asked."""
    row = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if row.tier == Tier.PAID or row.upgrade_asked_at:
        return False
    row.upgrade_asked_at = timezone.now()
    row.save(update_fields=["upgrade_asked_at"])
    record("organization.upgrade_asked", actor=actor, organization=row, subject=row)
    return True


@transaction.atomic
def set_tier(*, actor: Actor, organization: Organization, tier: str) -> bool:
    """Give an organization a tier; what follows for its data stores is done by those who listen.

    An upgrade brings trials back as they were. A downgrade leaves what runs running, and paid for; only new data
    stores are trials then. Returns whether the tier changed.
    """
    row = Organization.objects.select_for_update().get(pk=organization.pk)
    if row.tier == tier:
        return False
    before, row.tier, row.upgrade_asked_at = Tier(row.tier), Tier(tier), None
    row.save(update_fields=["tier", "upgrade_asked_at"])
    record(
        "organization.tier_changed",
        actor=actor,
        organization=row,
        subject=row,
        tier=f"{before.label} → {Tier(tier).label}",
    )
    if row.tier == Tier.PAID:
        notify(
            row,
            Kind.TRIAL,
            f"{row.name} is on the paid tier",
            "Every plan can be created now. Trials have become paid data stores, with their data and their addresses.",
            tone="success",
        )
    tier_changed.send(sender=Organization, organization=row, actor=actor)
    return True

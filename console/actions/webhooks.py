"""Adding, changing, testing and removing an organization's webhooks."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Delivery, Notice, Organization, Webhook
from console.notices import KINDS, Kind
from console.webhooks import new_secret

MOST_WEBHOOKS = 10


@transaction.atomic
def add_webhook(*, actor: Actor, organization: Organization, url: str, kinds: Sequence[str]) -> Webhook:
    """Add a webhook with a secret of its own. Raises :class:`Refusal` where there are ten already."""
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if organization.webhooks.count() >= MOST_WEBHOOKS:
        raise Refusal(f"An organization has at most {MOST_WEBHOOKS} webhooks.", "Remove one that is no longer used.")
    hook = Webhook.objects.create(organization=organization, url=url, kinds=list(kinds), secret=new_secret())
    record("webhook.added", actor=actor, organization=organization, subject=hook, kinds=", ".join(kinds))
    return hook


@transaction.atomic
def change_webhook(*, actor: Actor, hook: Webhook, url: str, kinds: Sequence[str]) -> bool:
    """Change the address or the kinds. Returns whether anything changed; what waits goes to the new address."""
    before = {"url": hook.url, "kinds": ", ".join(hook.kinds)}
    after = {"url": url, "kinds": ", ".join(kinds)}
    changed = {
        name: f"{before[name] or 'none'} → {after[name] or 'none'}" for name in after if before[name] != after[name]
    }
    if changed:
        hook.url, hook.kinds = url, list(kinds)
        hook.save(update_fields=["url", "kinds"])
        record("webhook.changed", actor=actor, organization=hook.organization, subject=hook, **changed)
    return bool(changed)


@transaction.atomic
def remove_webhook(*, actor: Actor, hook: Webhook) -> None:
    """Remove a webhook with its log; what still waits is not sent."""
    record("webhook.removed", actor=actor, organization=hook.organization, subject=hook)
    hook.delete()


def reveal_secret(*, actor: Actor, hook: Webhook) -> str:
    """Return the secret and record who asked for it."""
    record("webhook.secret_revealed", actor=actor, organization=hook.organization, subject=hook)
    return hook.secret


@transaction.atomic
def send_test(*, actor: Actor, hook: Webhook) -> Delivery:
    """Put a test into the outbox of this webhook alone."""
    notice = Notice.objects.create(
        person=actor.person,
        organization=hook.organization if actor.person is None else None,
        kind=Kind.TEST.value,
        tone=KINDS[Kind.TEST].tone,
        subject="Test of a webhook",
        sentence=f"{actor.name} asked for this test. Nothing happened and nothing needs to be done.",
    )
    record("webhook.tested", actor=actor, organization=hook.organization, subject=hook)
    return Delivery.objects.create(notice=notice, webhook=hook)

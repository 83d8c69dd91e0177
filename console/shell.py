"""The console's own entries of the navigation and of the operators' attention list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from redis.exceptions import RedisError

from console import attention, navigation
from console.models import Delivery, Organization, Person, Tier
from console.navigation import Entry
from console.services.installation import Installation
from host.supervisor import State


def register() -> None:
    """Add Overview, Activity and Settings, and the checks of the console's own services."""
    navigation.register(
        Entry("Overview", "overview", "house", position=10),
        Entry("Activity", "activity", "activity", position=80, permission="activity:view"),
        Entry("Settings", "settings", "settings", position=90, also=("roles",)),
    )
    attention.register("Messages", undelivered, position=35)
    attention.register_pulse("people", people_pulse, position=30)
    attention.register("Services", broken_services, position=30)
    attention.register("Asked for the paid tier", asked_for_upgrade, position=40)


def people_pulse() -> Iterator[tuple[str, str]]:
    """Count organizations and people, and what waits to be sent."""
    present = Organization.objects.filter(deleted_at=None)
    paid = present.filter(tier=Tier.PAID).count()
    yield "Organizations", f"{present.count()}, {paid} of them paid"
    yield "People", str(Person.objects.filter(is_active=True).count())
    yield "Messages that wait", str(Delivery.objects.filter(state=Delivery.State.WAITING).count())


def undelivered() -> Iterator[attention.Matter]:
    """Tell of mails that were given up, and of an outbox that nobody empties. A webhook is its organization's matter."""
    day = timezone.now() - timedelta(days=1)
    lost = Delivery.objects.filter(state=Delivery.State.FAILED, webhook=None, tried_at__gt=day).count()
    if lost:
        yield attention.Matter(
            f"{lost} mails could not be delivered within the last day.", "Check EMAIL_URL and the mail server."
        )
    stuck = Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lt=timezone.now() - timedelta(minutes=10))
    if number := stuck.count():
        yield attention.Matter(
            f"{number} messages should have been sent ten minutes ago.",
            "Look at the worker and beat with `manage.py status`.",
        )


def asked_for_upgrade() -> Iterator[attention.Matter]:
    """Tell which organizations wait for the paid tier, the longest first."""
    for organization in Organization.objects.exclude(upgrade_asked_at=None).order_by("upgrade_asked_at")[:20]:
        yield attention.Matter(
            f"{organization.name} asks for the paid tier.",
            "Open it, choose the tier Paid and save: its trials become paid data stores and come back if they had ended.",
            reverse("admin:console_organization_change", args=[organization.pk]),
        )


def broken_services() -> Iterator[attention.Matter]:
    """Tell which of the console's services are down, and whether the broker answers."""
    for name in stopped_services():
        yield attention.Matter(
            f"The service “{name}” is not running. Data stores go on serving.",
            f"Look at `manage.py status` and the log of {name}; `make up` starts it again.",
        )
    try:
        cache.get("attention")
    except (RedisError, OSError):
        yield attention.Matter(
            "The broker does not answer: new work waits, and data stores go on serving.",
            "Look at `manage.py status` and the broker's log.",
        )


def stopped_services() -> list[str]:
    """Return the supervised services of the console that are not up; none where nobody supervises them."""
    console = Installation.from_settings()
    if not console.trees.installed("runit"):
        return []
    found = {name: console.supervisor.status(name).state for name in console.names()}
    return [name for name, state in found.items() if state not in {State.UP, State.ABSENT}]

"""The console's own entries of the navigation and of the operators' attention list."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.cache import cache
from redis.exceptions import RedisError

from console import attention, navigation
from console.navigation import Entry


def register() -> None:
    """Add Overview, Activity and Settings, and the checks of the console's own services."""
    navigation.register(
        Entry("Overview", "overview", "house", position=10),
        Entry("Activity", "activity", "activity", position=80, permission="activity:view"),
        Entry("Settings", "settings", "settings", position=90, also=("roles",)),
    )
    attention.register("Services", broken_services, position=30)


def broken_services() -> Iterator[attention.Matter]:
    """Tell where the broker does not answer; the database answers, or no page would."""
    try:
        cache.get("attention")
    except (RedisError, OSError):
        yield attention.Matter(
            "The broker does not answer: new work waits, and data stores go on serving.",
            "Look at `manage.py status` and the broker's log.",
        )

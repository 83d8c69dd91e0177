"""What stands in the way of deleting an organization: each application names its own.

An application above the console adds a check in its ``AppConfig.ready``::

    obstacles.register("stores", stores_left)

A check takes the organization and returns a sentence with what to do first, or an empty text.
"""

from __future__ import annotations

from collections.abc import Callable

from console.models import Organization

Check = Callable[[Organization], str]
_checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Add a check; the same name replaces the earlier one, so that registering twice does no harm."""
    _checks[name] = check


def of(organization: Organization) -> list[str]:
    """Return every sentence; none where the organization can be deleted."""
    return [sentence for check in _checks.values() if (sentence := check(organization))]

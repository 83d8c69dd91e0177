"""Filters for the audit trail: actions and their details in words."""

from __future__ import annotations

from typing import Any

from django import template

from console import agents, wording
from console.models import AuditEvent

register = template.Library()


@register.filter
def words(action: str) -> str:
    """Return an action of the audit trail in words."""
    return wording.words(action)


@register.filter
def agent(text: str) -> str:
    """Return what a browser calls itself in words."""
    return agents.in_words(text)


@register.filter
def target(event: AuditEvent) -> str:
    """Return the name of what was acted on; empty where people acted on themselves."""
    themselves = event.object_type == "person" and event.object_id == str(event.actor_id)
    return "" if themselves else event.object_name


@register.filter
def details(detail: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return an event's detail as (name in words, value), yes and no for truth values."""
    spoken = {True: "yes", False: "no"}
    return [
        (name.replace("_", " ").capitalize(), spoken[value] if isinstance(value, bool) else value)
        for name, value in detail.items()
    ]

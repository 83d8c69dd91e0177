"""allauth's form that ends a person's other sessions, with its audit event."""

from __future__ import annotations

from typing import cast

from allauth.usersessions.forms import ManageUserSessionsForm
from django.db import transaction
from django.http import HttpRequest

from console.audit import record
from console.requests import MemberRequest


class EndSessionsForm(ManageUserSessionsForm):  # type: ignore[misc]
    """Sign out everywhere else."""

    @transaction.atomic
    def save(self, request: HttpRequest) -> None:
        """End every session but this one, and record it."""
        super().save(request)
        asked = cast("MemberRequest", request)
        organization = asked.member.organization if asked.member else None
        record("person.sessions_ended", actor=asked.actor, organization=organization, subject=asked.actor.person)

"""The types of requests that views take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from console.audit import Actor
    from console.models import Member, Person


class MemberRequest(HttpRequest):
    """Any request after the middleware: it knows who asks and how."""

    member: Member | None
    actor: Actor
    htmx: HtmxDetails


class AuthedRequest(MemberRequest):
    """A request of somebody who is signed in and looks through a membership."""

    member: Member
    user: Person
    navigation_route: str  # set by a view whose entry of the navigation does not follow from its address

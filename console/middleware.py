"""What every request carries: the member who asks, the actor for the trail, and an answer for refusals."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.audit import Actor
from console.errors import Refusal
from console.models import Member
from console.requests import MemberRequest

CURRENT = "organization"  # the session key of the organization that the person looks at
Answer = Callable[[HttpRequest], HttpResponse]


def client_address(request: HttpRequest) -> str | None:
    """Return the address of the person: the socket's, or the one that the last trusted proxy saw."""
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        if len(hops) >= settings.TRUSTED_PROXIES:
            return _valid(hops[-settings.TRUSTED_PROXIES])
    address: str | None = request.META.get("REMOTE_ADDR")
    return address or None


def _valid(address: str) -> str | None:
    """Return an IP address in its usual form; None for what is none, since a header may hold anything."""
    try:
        return str(ip_address(address))
    except ValueError:
        return None


def current_member(request: HttpRequest) -> Member | None:
    """Return the membership the person looks through: the chosen organization's, else the first one's."""
    if not request.user.is_authenticated:
        return None
    memberships = Member.objects.select_related("organization", "person").filter(person_id=request.user.pk)
    chosen = request.session.get(CURRENT)
    if chosen and (member := memberships.filter(organization_id=chosen).first()):
        return member
    return memberships.order_by("joined_at").first()


class MemberMiddleware:
    """Give views ``request.member`` (None without an organization) and ``request.actor``."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: MemberRequest) -> HttpResponse:
        """Attach both, then answer."""
        request.member = current_member(request)
        person = request.user if request.user.is_authenticated else None
        request.actor = Actor(person=person, address=client_address(request), label="anonymous")
        return self.get_response(request)


class RefusalMiddleware:
    """Show a refusal that no view caught as a page with its remedy: 409, nothing changed."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as usual."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn a refusal into its page; leave everything else alone."""
        if not isinstance(exception, Refusal):
            return None
        return render(request, "refusal.html", {"refusal": exception}, status=409)

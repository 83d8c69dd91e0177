"""Inviting somebody by e-mail or link, taking it back, and accepting it."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Invitation, Member, Organization, Person
from console.notices import Kind, notify
from console.permissions import Role

MAIL_SECONDS = 5
MOST_PER_DAY = 50
ENDED = "This invitation can no longer be used."
ASK_AGAIN = "Ask an Admin of the organization for a new one."


def link_of(invitation: Invitation) -> str:
    """Return the full address of an invitation. It lets its addressee in: show it to Admins only, never log it."""
    console: str = settings.CONSOLE_URL
    return console + reverse("invitation", args=[invitation.token])


@transaction.atomic
def invite(*, actor: Actor, organization: Organization, email: str, role: Role) -> Invitation:
    """Invite an address for a week; an invitation that it has already ends. Mail is sent by :func:`send`.

    Raises :class:`Refusal` for the address of somebody who is a member.
    """
    email = email.strip().lower()
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if organization.memberships.filter(person__email=email).exists():
        raise Refusal(f"{email} is a member already.", "Change the role in the list of members.")
    since = timezone.now() - timedelta(days=1)
    if organization.invitations.filter(created_at__gt=since).count() >= MOST_PER_DAY:
        raise Refusal(f"{MOST_PER_DAY} invitations were made within a day.", "Go on tomorrow.")
    waiting = organization.invitations.filter(email=email, accepted_at=None, revoked_at=None)
    waiting.update(revoked_at=timezone.now())
    invitation = Invitation.objects.create(
        organization=organization, email=email, role=role.value, invited_by=actor.person
    )
    record("member.invited", actor=actor, organization=organization, subject=invitation, role=role.label)
    return invitation


def send(invitation: Invitation) -> bool:
    """Mail the link; returns whether the mail server took it. Without one the Admin passes the link on."""
    if not settings.MAIL_CONFIGURED:
        return False
    connection = get_connection(timeout=MAIL_SECONDS)
    inviter = invitation.invited_by or "An Admin"
    body = (
        f"{inviter} invites you to {invitation.organization} on Headwater as {Role(invitation.role).label}.\n\n"
        f"{link_of(invitation)}\n\nThe link is for {invitation.email} only, and ends on "
        f"{invitation.expires_at:%-d %B %Y, %H:%M} UTC. Who did not expect it can ignore it.\n"
    )
    subject = f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}Invitation to {invitation.organization}"
    try:
        EmailMessage(subject, body, to=[invitation.email], connection=connection).send()
    except OSError:
        return False
    return True


@transaction.atomic
def revoke(*, actor: Actor, invitation: Invitation) -> None:
    """Take an invitation back. Raises :class:`Refusal` for one that was accepted meanwhile."""
    now = timezone.now()
    mine = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if not mine.update(revoked_at=now):
        raise Refusal("The invitation was accepted or taken back already.", "Reload the page to see who is a member.")
    record("member.invitation_revoked", actor=actor, organization=invitation.organization, subject=invitation)


def may_accept(invitation: Invitation, person: Person) -> bool:
    """Say whether an invitation is for this person: the address is theirs, and confirmed where mail can confirm it."""
    if settings.MAIL_CONFIGURED:
        mine = EmailAddress.objects.filter(user=person, email__iexact=invitation.email, verified=True)
        return bool(mine.exists())
    return person.email == invitation.email


def invitations_for(person: Person) -> QuerySet[Invitation]:
    """Return the open invitations that a person can accept without the link: where their address is confirmed."""
    mine = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    addresses = [email.lower() for email in mine] if settings.MAIL_CONFIGURED else []
    return Invitation.objects.open().filter(email__in=addresses).select_related("organization", "invited_by")


def accept(*, actor: Actor, person: Person, invitation: Invitation) -> Member:
    """Use an invitation up and make its addressee a member.

    Raises :class:`Refusal` for another person's, one that has ended, and for somebody who is a member already.
    """
    if not may_accept(invitation, person):
        raise Refusal(f"This invitation is for {invitation.email}.", "Sign in with that address.")
    try:
        with transaction.atomic():
            if not Invitation.objects.open().filter(pk=invitation.pk).update(accepted_at=timezone.now()):
                raise Refusal(ENDED, ASK_AGAIN)
            organization = invitation.organization
            member = Member.objects.create(organization=organization, person=person, role=invitation.role)
            label = Role(invitation.role).label
            record("member.joined", actor=actor, organization=organization, subject=person, role=label)
            notify(
                organization,
                Kind.MEMBERS,
                f"{person.email} joined as {label}",
                f"{person.email} accepted the invitation of {invitation.invited_by or 'an Admin'}.",
                path=reverse("members"),
            )
    except IntegrityError:
        raise Refusal(f"You belong to {invitation.organization} already.", "Switch to it in the header.") from None
    return member

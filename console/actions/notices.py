"""What a member does with notices: mark them as read, and choose what is mailed."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from console.audit import Actor, record
from console.models import Member
from console.notices import SUBSCRIBABLE


def mark_read(member: Member) -> None:
    """Let nothing that is there now count as unread."""
    Member.objects.filter(pk=member.pk).update(notices_read_at=timezone.now())


@transaction.atomic
def choose_mail(*, actor: Actor, member: Member, wanted: Collection[str]) -> bool:
    """Mail these kinds to the member, as far as the role gets them, and no others. Returns whether that is new."""
    muted = [kind.value for kind in SUBSCRIBABLE if kind.value not in wanted]
    if sorted(muted) == sorted(member.muted):
        return False
    Member.objects.filter(pk=member.pk).update(muted=muted)
    record(
        "member.mail_chosen",
        actor=actor,
        organization=member.organization,
        subject=member.person,
        muted=", ".join(muted) or "nothing",
    )
    return True

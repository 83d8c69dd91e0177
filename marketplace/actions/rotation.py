"""Rotation without downtime: a second login with the same rights, and the first one retired when nobody uses it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from console.audit import PLATFORM, Actor, record
from console.errors import Refusal
from console.models import Member
from datastores.actions.databases import AGAIN, refuse_unless_running
from datastores.logins import Rights, successor_name
from datastores.models import Credential, DataStore, KeptLogin
from datastores.passwords import generate_password
from datastores.sites.contract import NoAnswer
from datastores.sites.registry import driver_of
from datastores.sites.tenants import Successor
from marketplace.actions.connections import refuse_critical
from marketplace.models import Binding, Rotation

State = Rotation.State


@transaction.atomic
def rotate(*, actor: Actor, member: Member, binding: Binding, super_admin_too: bool = False) -> Rotation:
    """Make a second login and hand it out from now on; the old one goes on working.

    Every credential and connection that keeps the login changes over. The store's row is held meanwhile. Raises
    :class:`Refusal` for the super admin without ``super_admin_too``, and while an earlier rotation is not finished.
    """
    refuse_critical(member, binding.environment)
    store = DataStore.objects.locked(binding.store)
    binding = Binding.objects.select_related("store", "environment", "connection__organization").get(pk=binding.pk)
    refuse_unless_running(store, "Nothing was rotated")
    if binding.is_super_admin and not super_admin_too:
        raise Refusal(
            "Nothing was rotated: this is the super admin.",
            "Confirm that applications get a login of their own with all its rights. The super admin itself stays.",
        )
    successor = _successor(binding)
    rotation = _open(actor, binding, successor)
    sharers = change_over(binding, successor)
    record(
        "connection.rotated", actor=actor, organization=binding.connection.organization, subject=binding.connection,
        environment=binding.environment.name, old_login=rotation.old_username, new_login=successor.name,
        connections=len(sharers),
    )  # fmt: skip
    try:
        driver_of(store).succeed_login(store, successor)
    except NoAnswer as silence:
        raise Refusal(f"Nothing was rotated. {silence}", AGAIN) from None
    return rotation


@transaction.atomic
def retire(*, actor: Actor, rotation: Rotation) -> None:
    """End the old login now, with the sessions that it still has. Twice changes nothing."""
    rotation = (
        Rotation.objects.select_for_update(of=("self",)).select_related("store__organization").get(pk=rotation.pk)
    )
    if rotation.state != State.WATCHING:
        return
    store = rotation.store
    if not rotation.keeps_old:
        refuse_unless_running(store, "The old login was not retired")
        try:
            driver_of(store).retire_login(store, rotation.old_username, rotation.base)
        except NoAnswer as silence:
            raise Refusal(f"The old login was not retired. {silence}", AGAIN) from None
    rotation.state, rotation.ended_at = State.RETIRED, timezone.now()
    rotation.save(update_fields=["state", "ended_at"])
    record(
        "connection.login_retired", actor=actor, organization=store.organization, subject=store,
        old_login=rotation.old_username, new_login=rotation.new_username, kept=rotation.keeps_old,
    )  # fmt: skip


def watch_rotations() -> None:
    """Count the sessions of every old login; retire those that had none for the quiet time."""
    watched = Rotation.objects.filter(state=State.WATCHING, store__state=DataStore.State.RUNNING)
    for rotation in watched.select_related("store__region__site")[:100]:
        look_at(rotation)


def look_at(rotation: Rotation) -> None:
    """Count the old login's sessions once, and retire it where it has been quiet for long enough."""
    now = timezone.now()
    try:
        sessions = driver_of(rotation.store).login_sessions(rotation.store, rotation.old_username)
    except NoAnswer:
        return
    quiet_since = (rotation.quiet_since or now) if sessions == 0 else None
    open_ones = Rotation.objects.filter(pk=rotation.pk, state=State.WATCHING)
    open_ones.update(sessions=sessions, checked_at=now, quiet_since=quiet_since)
    if is_quiet(quiet_since, now, settings.ROTATION_QUIET_SECONDS) and not rotation.keeps_old:
        retire(actor=PLATFORM, rotation=rotation)


def is_quiet(quiet_since: datetime | None, now: datetime, seconds: float) -> bool:
    """Whether nobody used a login for ``seconds``: a client that fetched it just before has connected by then."""
    return quiet_since is not None and now - quiet_since >= timedelta(seconds=seconds)


def sharers_of(login: KeptLogin) -> list[Binding]:
    """Return every connection's environment that keeps this login."""
    found = Binding.objects.filter(store_id=login.store_id, username=login.username)
    return list(found.select_related("connection__project", "connection__component", "environment"))


def _successor(binding: Binding) -> Successor:
    """Return the login that takes over: of the same rights where the platform made the old one, else on its base."""
    rights = Rights(binding.rights) if binding.kind == KeptLogin.Kind.MADE and binding.rights else None
    base = "" if rights else binding.base or binding.username
    return Successor(
        successor_name(binding.username), generate_password(), binding.database, base, rights, binding.key_prefix
    )


def _open(actor: Actor, binding: Binding, successor: Successor) -> Rotation:
    running = Rotation.objects.filter(store_id=binding.store_id, state=State.WATCHING)
    if running.filter(Q(new_username=binding.username) | Q(old_username=binding.username)).exists():
        raise Refusal(
            f"“{binding.username}” is being rotated already: the login before it still works.",
            "Wait until the old login is retired, or retire it now.",
        )
    try:
        with transaction.atomic():
            return Rotation.objects.create(
                store_id=binding.store_id, database=binding.database, old_username=binding.username,
                new_username=successor.name, base=successor.base, keeps_old=binding.is_super_admin,
                started_by=actor.name,
            )  # fmt: skip
    except IntegrityError:
        raise Refusal(f"“{binding.username}” is being rotated already.", "Reload the page.") from None


def change_over(binding: Binding, successor: Successor) -> list[Binding]:
    """Let every row that keeps the old login keep its successor; returns the connections among them."""
    old = binding.username
    # Held first: a connection that is being made from one of them has its copy before the copies change over.
    credentials = Credential.objects.filter(store_id=binding.store_id, username=old)
    list(credentials.select_for_update().values_list("pk"))
    sharers = sharers_of(binding)
    facts = {
        "username": successor.name,
        "password": successor.password,
        "base": successor.base,
        "state": KeptLogin.State.WORKS,
        "state_sentence": "",
        "checked_at": timezone.now(),
    }
    if successor.rights is None:
        facts["kind"] = KeptLogin.Kind.CREATED
    Binding.objects.filter(store_id=binding.store_id, username=old).update(changed_at=timezone.now(), **facts)
    if not binding.is_super_admin:  # the super admin can still be chosen as such
        credentials.update(**facts)
    return sharers

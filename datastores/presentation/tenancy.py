"""What the Databases tab shows of a database's credentials, its place in the Marketplace, and what depends on it."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.http import urlencode

from console.models import Environment, Member
from datastores.actions.trying import check_login
from datastores.models import Credential, DataStore, KeptLogin
from datastores.presentation.states import Badge
from datastores.sites.contract import NoAnswer
from datastores.sites.registry import driver_of
from datastores.uses import Dependents, Question, uses_of

FRESH: Final = timedelta(seconds=60)
MOST_CHECKS: Final = 8  # a page waits for them
LOOKS: Final = {
    KeptLogin.State.WORKS: "running",
    KeptLogin.State.UNREACHABLE: "waiting",
    KeptLogin.State.PASSWORD: "failed",
    KeptLogin.State.RIGHT: "failed",
}


@dataclass(frozen=True)
class CredentialRow:
    """One credential of the list."""

    pk: uuid.UUID
    name: str
    username: str
    environment: Environment
    kind: str
    badge: Badge
    sentence: str
    broken: bool
    checked_at: datetime | None
    who: str
    created_at: datetime
    last_used_at: datetime | None
    uses: int


@dataclass(frozen=True)
class Tenancy:
    """The credentials of the opened database; ``hidden`` counts those of environments that the role may not use."""

    database: str
    rows: list[CredentialRow] = field(default_factory=list)
    hidden: int = 0

    @property
    def query(self) -> str:
        """The database as a query string, whatever characters its name has."""
        return urlencode({"database": self.database})


def badge_of(login: KeptLogin) -> Badge:
    """Return whether a kept login works, as a badge."""
    return Badge(LOOKS[KeptLogin.State(login.state)], KeptLogin.State(login.state).label)


def tenancy_of(store: DataStore, database: str, member: Member) -> Tenancy:
    """Return the credentials of one database. Those that were not tried within a minute are tried now."""
    everything = Credential.objects.filter(store=store, database=database)
    mine = list(
        Credential.objects.for_member(member, "credential:view")
        .filter(store=store, database=database)
        .select_related("environment", "created_by")
    )
    for credential in mine:
        credential.store = store  # with its facts, so that nothing is asked for twice
    check_stale(store, mine)
    uses = Counter(use.username for use in uses_of(Question(store, database=database)))
    rows = [_row(credential, uses[credential.username]) for credential in mine]
    return Tenancy(database, rows, hidden=everything.count() - len(rows))


def check_stale(store: DataStore, logins: list[Credential]) -> None:
    """Try the logins that were not tried lately, a few of them, where the server runs; each login once."""
    if store.state != DataStore.State.RUNNING:
        return
    old = timezone.now() - FRESH
    stale = [login for login in logins if login.checked_at is None or login.checked_at < old]
    for login in stale[:MOST_CHECKS]:
        check_login(login)
        if login.state == KeptLogin.State.UNREACHABLE:  # the others would wait as long for as little
            return


def dependents_of(question: Question) -> Dependents:
    """Return what depends on a store, database or login, with the sessions that each login has open now."""
    uses = uses_of(question)
    sessions = {name: _sessions(question.store, name) for name in {use.username for use in uses}}
    return Dependents([(use, sessions[use.username]) for use in uses])


def _sessions(store: DataStore, username: str) -> int | None:
    if store.state != DataStore.State.RUNNING:
        return 0
    try:
        return driver_of(store).login_sessions(store, username)
    except NoAnswer:
        return None


def _row(credential: Credential, uses: int) -> CredentialRow:
    rights = f" · {credential.get_rights_display()}" if credential.rights else ""
    prefix = f" · keys {credential.key_prefix}*" if credential.key_prefix else ""
    return CredentialRow(
        pk=credential.pk,
        name=credential.name,
        username=credential.username,
        environment=credential.environment,
        kind=f"{credential.get_kind_display()}{rights}{prefix}",
        badge=badge_of(credential),
        sentence=credential.state_sentence,
        broken=credential.state in {KeptLogin.State.PASSWORD, KeptLogin.State.RIGHT},
        checked_at=credential.checked_at,
        who=str(credential.created_by) if credential.created_by else "somebody who is gone",
        created_at=credential.created_at,
        last_used_at=credential.last_used_at,
        uses=uses,
    )

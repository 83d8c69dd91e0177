"""Trying a login at its data store, over TLS at the stable address, and keeping what came of it."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from console.notices import Kind, notify
from datastores.engines.contract import Access
from datastores.engines.registry import ENGINES
from datastores.engines.trial import LoginFailure, Part
from datastores.models import DataStore, KeptLogin
from datastores.sites.registry import driver_of

State = KeptLogin.State
OFF = "Unreachable: the data store does not run."
DRIFT = (State.PASSWORD, State.RIGHT)
# A full server tells nothing about a login.
STATES = {
    Part.UNREACHABLE: State.UNREACHABLE,
    Part.FULL: State.UNREACHABLE,
    Part.PASSWORD: State.PASSWORD,
    Part.RIGHT: State.RIGHT,
}


def try_login(store: DataStore, *, database: str, username: str, password: str) -> None:
    """Log in to that very database; raises LoginFailure, which says the part that failed."""
    engine, driver = ENGINES.get(store.engine), driver_of(store)
    endpoint = driver.way_in(store)
    if engine is None or endpoint is None or store.state not in {DataStore.State.RUNNING, DataStore.State.UNREACHABLE}:
        raise LoginFailure(Part.UNREACHABLE, OFF, "Power it on, or wait until it runs, then try again.")
    access = Access(endpoint.host, endpoint.port, username, password, database)
    engine.try_login(access, driver.ca_certificate())


def check_login(login: KeptLogin) -> None:
    """Try a kept login and save what came of it. A server that is off or silent leaves what was known about the login."""
    try:
        try_login(login.store, database=login.database, username=login.username, password=login.secret)
    except LoginFailure as failure:
        state, sentence = STATES[failure.part], failure.sentence
    else:
        state, sentence = State.WORKS, ""
    if state == State.UNREACHABLE and login.state in DRIFT:
        return
    drifted = state in DRIFT and login.state not in DRIFT
    login.state, login.state_sentence, login.checked_at = state, sentence[:300], timezone.now()
    login.save(update_fields=["state", "state_sentence", "checked_at"])
    if drifted:
        tell_drift(login)


def tell_drift(login: KeptLogin) -> None:
    """Tell the organization that a login which worked does not any more."""
    store = login.store
    notify(
        store.organization,
        Kind.LOGIN,
        f"A login of {store} does not work any more",
        f"“{login.username}” in the database “{login.database}”: {login.state_sentence} It was changed outside the "
        "console. Repair it on the Databases tab; connections that use it can't log in until then.",
        path=f"{reverse('store-databases', args=[store.pk])}?{urlencode({'database': login.database})}",
        key=f"drift:{store.pk}:{login.username}:{timezone.now():%Y-%m-%d}"[:80],  # several rows may keep it
    )

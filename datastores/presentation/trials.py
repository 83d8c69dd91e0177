"""A free trial in words: what is left of it, what happens then, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from datastores import trials
from datastores.models import DataStore
from datastores.presentation.states import Badge
from datastores.trials import Phase, days_left, in_days

UPGRADE = "On the paid tier it goes on under the same address, with its data."


@dataclass(frozen=True)
class TrialView:
    """What the Overview shows of a trial."""

    tone: str
    title: str
    text: str


def trial_of(store: DataStore, now: datetime | None = None) -> TrialView | None:
    """Return the notice of a trial; None for a data store that is paid for."""
    if store.trial_ends_at is None:
        return None
    now, ends_at = now or timezone.now(), store.trial_ends_at
    found = trials.phase(ends_at, now)
    if found in {Phase.RUNNING, Phase.ENDING}:
        text = (
            f"On {_moment(ends_at)} it is powered off, and its data is kept for {trials.KEPT.days} more days. {UPGRADE}"
        )
        left = in_days(days_left(ends_at, now))
        return TrialView("warning" if found == Phase.ENDING else "info", f"Free trial: {left} left", text)
    gone_at = ends_at + trials.KEPT
    if store.deletion_protection:
        text = (
            f"Deletion protection is on, so its data is kept beyond {_moment(gone_at)}. It stays powered off. {UPGRADE}"
        )
    else:
        text = f"It stays powered off. Its data is kept until {_moment(gone_at)} and deleted then. {UPGRADE}"
    left = in_days(days_left(gone_at, now))
    kept = f", data kept for {left}" if found == Phase.OVER and not store.deletion_protection else ""
    return TrialView("danger", f"The free trial has ended{kept}", text)


def trial_badge(store: DataStore, now: datetime | None = None) -> Badge | None:
    """Return what a list shows beside the state of a trial."""
    if store.trial_ends_at is None:
        return None
    now = now or timezone.now()
    if store.trial_ends_at <= now:
        return Badge("failed", "Trial ended")
    ending = trials.phase(store.trial_ends_at, now) == Phase.ENDING
    return Badge("attention" if ending else "neutral", f"Trial: {in_days(days_left(store.trial_ends_at, now))} left")


def _moment(at: datetime) -> str:
    return f"{at:%-d %B %Y, %H:%M} UTC"

"""The things a person can do with a data store: offered, or refused with the reason beside the button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from console.models import Member
from datastores.models import DataStore
from datastores.presentation.roles import refused

State = DataStore.State
BUSY: Final = "Wait until the running work is finished."
NEEDS_RUNNING: Final = "The data store must be running."

# control -> (permission, states in which it is possible, reason otherwise)
RULES: Final[dict[str, tuple[str, frozenset[State], str]]] = {
    "power_off": ("store:power", frozenset({State.RUNNING, State.UNREACHABLE}), NEEDS_RUNNING),
    "power_on": ("store:power", frozenset({State.POWERED_OFF, State.FAILED}), "The data store must be powered off."),
    "reset_password": ("store:reset_password", frozenset({State.RUNNING}), NEEDS_RUNNING),
    "plan": (
        "store:change_plan",
        frozenset({State.RUNNING, State.POWERED_OFF}),
        "The data store must be running or powered off.",
    ),
    "configure": (
        "store:configure",
        frozenset({State.RUNNING, State.POWERED_OFF}),
        "The data store must be running or powered off.",
    ),
    "switch_over": ("store:switch_over", frozenset({State.RUNNING, State.UNREACHABLE}), NEEDS_RUNNING),
    "restart": ("store:switch_over", frozenset({State.RUNNING, State.UNREACHABLE}), NEEDS_RUNNING),
    "replace": ("store:switch_over", frozenset({State.RUNNING, State.UNREACHABLE}), NEEDS_RUNNING),
    "drill": ("store:drill", frozenset({State.RUNNING}), NEEDS_RUNNING),
    "delete": (
        "store:delete",
        frozenset(State) - {State.DELETING, State.DELETED},
        "It is being deleted already.",
    ),
}


@dataclass(frozen=True)
class Controls:
    """Why each control can't be used now; an empty text where it can."""

    power_off: str
    power_on: str
    reset_password: str
    plan: str
    delete: str
    reveal: str
    protect: str
    network: str
    retry: str
    connect: str
    extend: str
    configure: str
    activity: str
    switch_over: str
    restart: str
    replace: str
    drill: str
    monthly_drill: str


def controls_of(store: DataStore, member: Member, *, busy: bool) -> Controls:
    """Return the reasons for one member and one store; ``busy`` while an operation works on it."""
    reasons = {name: _reason(name, store, member, busy=busy) for name in RULES}
    if store.deletion_protection and not refused(member, "store:delete"):
        reasons["delete"] = "Deletion protection is on. Switch it off first."
    if not reasons["power_on"] and store.trial_ends_at and store.trial_ends_at <= timezone.now():
        reasons["power_on"] = "The free trial has ended. On the paid tier it comes back."
    return Controls(
        **reasons,
        reveal=refused(member, "store:reveal"),
        protect=refused(member, "store:protect"),
        network=refused(member, "store:network"),
        retry=refused(member, "operation:retry"),
        connect=refused(member, "store:connect"),
        extend=refused(member, "store:extend"),
        activity=refused(member, "activity:view"),
        monthly_drill=refused(member, "store:drill"),
    )


def _reason(name: str, store: DataStore, member: Member, *, busy: bool) -> str:
    permission, states, otherwise = RULES[name]
    if reason := refused(member, permission):
        return reason
    if busy and name != "delete":  # deleting cancels the work that runs
        return BUSY
    return "" if store.state in states else otherwise

"""Starting the whole installation, step by step: what `manage.py up` does."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from console.actions.operators import OperatorLink, first_operator_link, make_operator_link
from console.errors import Refusal
from console.models import Person
from console.services import keys, ports, upgrade
from console.services.installation import Installation
from datastores.sites.local.edge_service import EDGE_SERVICE
from datastores.sites.local.revival import revive
from host.supervisor import State
from host.trees import TREES, Progress, install_trees

Say = Callable[[str], None]
ROOT_REFUSED = Refusal(
    "Database servers refuse to run as root, so Headwater does, too.",
    "Start it with `bin/headwater up` (or `make up`), which changes to the user headwater.",
)


@dataclass(frozen=True)
class Started:
    """What the person at the terminal needs."""

    url: str
    link: OperatorLink | None


def start(installation: Installation, say: Say, progress: Progress) -> Started:
    """Make everything run that should. Every step looks first, so it may be repeated after any failure."""
    install_trees(installation.trees, needed_trees(), progress)
    check_ports(installation)
    say("Starting the console's database and broker")
    installation.start_memory()
    if upgrade.migrate():
        say("The database has the schema of this version now")
    if upgrade.collect_static():
        say("Collected the static files")
    for sentence in revive():
        say(sentence)
    say("Starting web, worker and beat")
    installation.start_programs()
    return Started(settings.CONSOLE_URL, first_link())


def needed_trees() -> list[str]:
    """Return the engine trees that this installation uses."""
    return list(TREES)


def prepare_home() -> None:
    """Refuse root, then make home and keys."""
    if os.geteuid() == 0:
        raise ROOT_REFUSED
    keys.make_home(settings.HOME)


def check_ports(installation: Installation) -> None:
    """Raise :class:`Refusal` where a port is taken that this start needs."""
    bind: list[str] = settings.EDGE_BIND
    web = ports.Wanted("The console", "HEADWATER_PORT", (settings.CONSOLE_BIND,), settings.CONSOLE_PORT)
    edge = ports.Wanted(
        "The edge",
        "HEADWATER_EDGE_FIRST_PORT",
        tuple(bind),
        settings.EDGE_FIRST_PORT,
        settings.EDGE_SLOTS,
    )
    nodes = ports.Wanted("The first node", "HEADWATER_NODE_FIRST_PORT", (), settings.NODE_FIRST_PORT)
    ports.check_apart([web, edge, nodes])
    if not installation.serves_pages():
        ports.check([web])
    if installation.supervisor.status(EDGE_SERVICE).state != State.UP:
        ports.check([edge])


def first_link() -> OperatorLink | None:
    """Return a one-time link while no operator has signed in; HEADWATER_OPERATOR_EMAIL says whose it is."""
    email = os.environ.get("HEADWATER_OPERATOR_EMAIL", "")
    if email and not Person.objects.filter(is_staff=True).exists():
        return make_operator_link(email)
    return first_operator_link()

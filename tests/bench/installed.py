"""A whole installation that this process belongs to: its rows, its machine and its actions are at hand.

Django must not have been set up before, because the settings come from the installation's environment.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fixtures.environment import default_engines, leave_root

if TYPE_CHECKING:
    from console.models import Member

UP_SECONDS = 240


@contextmanager
def installed(slots: int = 60) -> Iterator[Path]:
    """Start it with ``slots`` addresses and as many nodes' ports; yields its home. Everything of it ends with the block."""
    leave_root()
    home = Path(tempfile.mkdtemp(prefix="hwb-", dir="/tmp"))  # sockets need a short path
    join(home, slots)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))  # then everything ends as it does without it
    from tests.installation import manage

    try:
        started = manage(dict(os.environ), "up", "--detach", seconds=UP_SECONDS)
        if started.returncode:
            raise RuntimeError(started.stdout + started.stderr)
        yield home
    finally:
        manage(dict(os.environ), "down", "--all", seconds=UP_SECONDS)
        shutil.rmtree(home, ignore_errors=True)


def join(home: Path, slots: int) -> None:
    """Set this process up with the settings of an installation in ``home``."""
    from tests.installation import free_ports

    engines = os.environ.get("HEADWATER_ENGINES") or str(default_engines())
    results = os.environ.get("HEADWATER_RESULTS")
    for name in [name for name in os.environ if name.startswith(("HEADWATER_", "DJANGO_"))]:
        del os.environ[name]
    for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL"):
        os.environ.pop(name, None)
    first = free_ports(2 * slots + 10)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "HEADWATER_HOME": str(home),
        "HEADWATER_ENGINES": engines,
        "HEADWATER_PORT": str(first),
        "HEADWATER_EDGE_FIRST_PORT": str(first + 10),
        "HEADWATER_EDGE_SLOTS": str(slots),
        "HEADWATER_NODE_FIRST_PORT": str(first + 10 + slots),
    }
    if results:
        os.environ["HEADWATER_RESULTS"] = results
    import django

    (home / "secrets").mkdir(mode=0o700)
    django.setup()


def make_admin() -> Member:
    """Write an organization and its Admin."""
    from console.models import Member, Organization, Person
    from console.models.organization import Tier
    from console.permissions import Role

    token = secrets.token_hex(4)
    person = Person.objects.create_user(f"{token}@example.test", secrets.token_urlsafe(12))
    organization = Organization.objects.create(name=f"Bench {token}", handle=f"bench-{token}", tier=Tier.PAID)
    return Member.objects.create(organization=organization, person=person, role=Role.ADMIN.value)

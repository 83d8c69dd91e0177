"""How MySQL nodes follow each other: GTIDs and semi-synchronous replication, over TLS."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pymysql

from datastores.sites.contract import Endpoint
from datastores.sites.local.canary import Canary
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql import acknowledging, copying, following, handover
from datastores.sites.local.mysql.accounts import make_standbys_account
from datastores.sites.local.mysql.canary import MySQLCanary
from datastores.sites.local.mysql.log_of_changes import Unreadable
from datastores.sites.local.mysql.logins import administration
from datastores.sites.local.mysql.part import as_primary, as_standby, update_part
from datastores.sites.local.mysql.pulse import MySQLPulse
from datastores.sites.local.mysql.standing import standing
from datastores.sites.local.pulse import Pulse
from datastores.sites.local.replication import NotAnswering, Replicating, Standing

READ_SECONDS = 2.0


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """Say in the contract's words that a server did not answer, or refused."""
    try:
        yield
    except pymysql.Error as error:
        raise NotAnswering(f"The server did not do what the platform asked: MySQL error {error.args[:1]}.") from error
    except OSError:
        raise NotAnswering("The server did not answer the platform.") from None


class ReplicatingMySQL(Replicating):
    """A commit is acknowledged when one of the standbys that count has received it. Positions count transactions."""

    copies_while_running: ClassVar[bool] = True
    close_enough: ClassVar[int] = 200

    def write_part(self, place: Place, source: Place | None, synchronous: Iterable[str]) -> None:
        """Write the file that the option file includes (see ``part``)."""
        if source is not None:
            update_part(place, lambda part: as_standby(part, source))
            return
        told = tuple(sorted(synchronous))
        if told:
            acknowledging.have_confirm(place, told)
        update_part(place, lambda part: as_primary(part, told))

    @answering()
    def prepare_primary(self, place: Place, standbys: Iterable[Place]) -> None:
        """Make what is missing of the standbys' account, the plugins and the canary's table; note the standbys."""
        known = tuple(sorted((standby.name, standby.port) for standby in standbys))
        update_part(place, lambda part: replace(part, standbys=known))
        with administration(place) as session:
            make_standbys_account(session)

    @answering()
    def copy(self, place: Place, source: Place) -> str | None:
        """Have the running server clone its primary (see ``copying.copy``)."""
        return copying.copy(place, source)

    def rewind(self, place: Place, source: Place) -> bool | None:
        """A former primary that has written nothing which the present one lacks can follow it as it is."""
        try:
            history = copying.history_of(place, seconds=READ_SECONDS)
        except Unreadable:
            return False
        return copying.can_follow(source, history)

    @answering()
    def follow(self, place: Place, source: Place) -> None:
        """Lead the stream to another source (see ``following.follow``)."""
        following.follow(place, source)

    @answering()
    def promote(self, place: Place) -> bool:
        """Apply what was received, then take writes (see ``handover.promote``)."""
        handover.promote(place)
        return False

    def step_down(self, place: Place, standby: Place) -> None:
        """Take no writes any more (see ``handover.step_down``)."""
        handover.step_down(place, standby)

    def take_back(self, place: Place) -> None:
        """Take writes again (see ``handover.take_back``)."""
        handover.take_back(place)

    @answering()
    def set_synchronous(self, place: Place, names: Iterable[str]) -> None:
        """Switch the standbys' confirmations and the primary's wait (see ``acknowledging``)."""
        acknowledging.set_synchronous(place, names)

    def standing(self, place: Place) -> Standing:
        """Ask the server and its standbys (see ``standing.standing``)."""
        return standing(place)

    def vital(self, place: Place) -> Path:
        """Return the data dictionary: no server starts without it."""
        return place.data / "mysql.ibd"

    def canary(self, endpoint: Endpoint, ca: Path) -> Canary:
        """Return the probe's login, with a table in the server's own schema."""
        return MySQLCanary(endpoint, ca)

    def pulse(self, place: Place) -> Pulse:
        """Return a reader of the server's greeting."""
        return MySQLPulse(place)

"""How cache nodes follow each other: the engine's own asynchronous replication, over TLS."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from datastores.sites.contract import Endpoint
from datastores.sites.local.cache import handover, joining
from datastores.sites.local.cache.canary import CacheCanary
from datastores.sites.local.cache.choices import read_choices
from datastores.sites.local.cache.configuration import MADE_FILE
from datastores.sites.local.cache.login_changes import set_logins
from datastores.sites.local.cache.logins import own_logins
from datastores.sites.local.cache.part import Part, adopt_part, read_part, write_part
from datastores.sites.local.cache.pulse import CachePulse
from datastores.sites.local.cache.sessions import insistent_session
from datastores.sites.local.cache.standing import answered, standing
from datastores.sites.local.canary import Canary
from datastores.sites.local.engine import Place
from datastores.sites.local.pulse import Pulse
from datastores.sites.local.replication import Replicating, Standing


class ReplicatingCache(Replicating):
    """Standbys confirm after the client was told, and copy the primary by themselves whenever they have to."""

    copies_while_running: ClassVar[bool] = True
    asynchronous: ClassVar[bool] = True
    keeps_logins_per_node: ClassVar[bool] = True
    close_enough: ClassVar[int] = 2**20

    def write_part(self, place: Place, source: Place | None, synchronous: Iterable[str]) -> None:
        """Write whom the next start follows; a standby has the tenant's logins of its source. Nobody is waited for."""
        del synchronous
        if source:
            joining.write_standby(place, source)
        else:
            write_part(place, Part(standbys=read_part(place).standbys))

    def prepare_primary(self, place: Place, standbys: Iterable[Place]) -> None:
        """Have the standbys' and the canary's logins, and a place for each standby beside the tenant's connections.

        A server that was started before an update lacks the logins; the tenant's are left alone, somebody may be
        changing them.
        """
        write_part(place, Part(standbys=len(list(standbys))))
        with answered(), insistent_session(place) as platform:
            set_logins(platform, own_logins(place), read_choices(place))
            adopt_part(place, platform)

    def copy(self, place: Place, source: Place) -> str | None:
        """Have the running server copy its source (see ``joining.copy``)."""
        return joining.copy(place, source)

    def rewind(self, place: Place, source: Place) -> bool | None:
        """Nothing to do: a former primary that is started as a standby takes what it lacks, or all, by itself."""
        joining.write_standby(place, source)
        return True

    def follow(self, place: Place, source: Place) -> None:
        """Change over to another primary at once (see ``joining.follow``)."""
        joining.follow(place, source)

    def promote(self, place: Place) -> bool:
        """Have the standby take writes (see ``handover.promote``)."""
        handover.promote(place)
        return False

    def step_down(self, place: Place, standby: Place) -> None:
        """Hold writes back until the standby has everything (see ``handover.step_down``)."""
        handover.step_down(place, standby)

    def take_back(self, place: Place) -> None:
        """Let writes go on (see ``handover.take_back``)."""
        handover.take_back(place)

    def set_synchronous(self, place: Place, names: Iterable[str]) -> None:
        """Nothing to do: this engine waits for nobody. What it can do instead a person chooses (``min_replicas``)."""

    def standing(self, place: Place) -> Standing:
        """Ask the running node (see ``standing.standing``)."""
        return standing(place)

    def vital(self, place: Place) -> Path:
        """Return the mark without which the server does not start (see ``configuration.MADE_FILE``)."""
        return place.data / MADE_FILE

    def canary(self, endpoint: Endpoint, ca: Path) -> Canary:
        """Return a client that writes into one sorted set (see ``canary.CacheCanary``)."""
        return CacheCanary(endpoint, ca)

    def pulse(self, place: Place) -> Pulse:
        """Return a probe over the node's socket (see ``pulse.CachePulse``)."""
        return CachePulse(place)

"""Every kind of site, one line each; importing this makes their procedures known to the runner."""

from __future__ import annotations

from datastores.models import DataStore, Site
from datastores.operations.registry import register
from datastores.sites.contract import SiteDriver
from datastores.sites.local.site import LocalSite

DRIVERS: dict[str, SiteDriver] = {driver.kind: driver for driver in (LocalSite(),)}

for driver in DRIVERS.values():
    register(driver.kind, *driver.procedures)


def driver_of(place: DataStore | Site) -> SiteDriver:
    """Return the driver of a site, or of the site on which a data store runs."""
    site = place.region.site if isinstance(place, DataStore) else place
    return DRIVERS[site.kind]

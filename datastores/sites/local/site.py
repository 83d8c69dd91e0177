"""The local site: this machine, its procedures and its addresses."""

from __future__ import annotations

import logging
import threading

from django.conf import settings

from datastores.capacity import Room
from datastores.engines.registry import ENGINES
from datastores.extensions import Extension, LogicalDatabase
from datastores.models import DataStore, EdgeSlot, Node, Site
from datastores.sites.contract import AccessChange, Endpoint, ReaderEndpoint, SiteDriver
from datastores.sites.local import access, pool
from datastores.sites.local.addresses import LOOPBACK
from datastores.sites.local.archive import keeping, loss, watching
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.capacity import room_of
from datastores.sites.local.edge.settings import open_files_here
from datastores.sites.local.engine import LocalEngine
from datastores.sites.local.engines import LOCAL_ENGINES
from datastores.sites.local.keepers import extension_keeper_of, keeper_of
from datastores.sites.local.machine import machine
from datastores.sites.local.measuring import measure_all
from datastores.sites.local.nodes import renew_certificate
from datastores.sites.local.procedures.add_standby import AddStandby, ReplaceNode
from datastores.sites.local.procedures.apply_settings import ApplySettings
from datastores.sites.local.procedures.back_up import BackUp
from datastores.sites.local.procedures.change_plan import ChangePlan
from datastores.sites.local.procedures.delete import Delete
from datastores.sites.local.procedures.drill import Drill
from datastores.sites.local.procedures.fail_over import FailOver
from datastores.sites.local.procedures.power import PowerOff, PowerOn
from datastores.sites.local.procedures.prove import Prove
from datastores.sites.local.procedures.provision import Provision
from datastores.sites.local.procedures.remove_standby import RemoveStandby
from datastores.sites.local.procedures.reset_password import ResetPassword
from datastores.sites.local.procedures.restart import Restart
from datastores.sites.local.procedures.restore import Restore
from datastores.sites.local.procedures.restore_node import RestoreNode
from datastores.sites.local.procedures.switch_over import SwitchOver
from datastores.sites.local.storage import measure_disks
from datastores.sites.local.tenants import LocalTenants

log = logging.getLogger(__name__)
_watching, _filling, _archiving = threading.Lock(), threading.Lock(), threading.Lock()


class LocalSite(LocalTenants, SiteDriver):
    """Runs the engines on this machine, supervised by runit, behind HAProxy."""

    kind = "local"
    procedures = (
        *(Provision, PowerOff, PowerOn, ResetPassword, ApplySettings, ChangePlan, Delete),
        *(FailOver, SwitchOver, AddStandby, ReplaceNode, RemoveStandby, Drill, Restart),
        *(BackUp, Prove, Restore, RestoreNode),
    )

    def endpoint(self, store: DataStore) -> Endpoint | None:
        """Return the edge's host and the port of the store's slot."""
        slot: EdgeSlot | None = getattr(store, "slot", None)  # lists select it with the store
        return Endpoint(settings.EDGE_HOST, slot.port) if slot else None

    def node_address(self, node: Node) -> str:
        """Return the loopback address with the node's own port."""
        return f"{LOOPBACK}:{node.port}" if node.port else ""

    def reader_endpoint(self, store: DataStore) -> ReaderEndpoint | None:
        """Return the edge's host, the port of the store's second slot, and where it leads."""
        slot = EdgeSlot.objects.filter(reader_of=store).first()
        return ReaderEndpoint(settings.EDGE_HOST, slot.port, len(slot.reader_ports)) if slot else None

    def most_clients(self, store: DataStore) -> int | None:
        """Return what the limit of open files leaves to the store's slot of the edge and to its server."""
        within = ENGINES[store.engine].clients_within(open_files_here())
        through = machine().edge.settings.sessions_per_slot
        return through if within is None else min(through, within)

    def ca_certificate(self) -> str:
        """Return the installation's own authority as PEM."""
        return machine().ca_file.read_text()

    def apply_allow_list(self, store: DataStore) -> AccessChange:
        """Have the edge follow the store's rows; its lock is held until the transaction ends."""
        return access.apply_allow_list(store)

    def sessions(self, store: DataStore) -> list[str] | None:
        """Ask the edge who is connected through the store's slot."""
        return access.sessions(store)

    def databases(self, store: DataStore) -> list[LogicalDatabase]:
        """Ask the primary's server."""
        keeper, place = keeper_of(store)
        return keeper.databases(place)

    def extensions(self, store: DataStore, database: str) -> list[Extension]:
        """Ask the primary's server."""
        keeper, place = extension_keeper_of(store)
        return keeper.extensions(place, database)

    def create_extension(self, store: DataStore, database: str, name: str) -> None:
        """Have the primary's server make it; standbys follow."""
        keeper, place = extension_keeper_of(store)
        keeper.create_extension(place, database, name)

    def keep_ready(self) -> None:
        """Fill the warm pools. An engine that can't be initialised, such as one without a tree, leaves the others theirs.

        A call returns at once while another fills: one for each engine would hold every thread of the worker.
        """
        if not _filling.acquire(blocking=False):
            return
        try:
            for engine in LOCAL_ENGINES.values():
                _fill(engine)
        finally:
            _filling.release()

    def capacity(self, site: Site) -> Room:
        """Return the operator's figures, or what is measured of this machine."""
        return room_of(site, settings.HOME)

    def watch(self) -> None:
        """Look at the disks of every data store that should run, and log in to it.

        The disks first: each server that hangs takes seconds to try, and others' disks fill meanwhile. A call
        returns at once while another looks: with many such servers it takes minutes, comes every 10 s, and would
        soon hold every thread of the worker, so that no operation could run.
        """
        if not _watching.acquire(blocking=False):
            return
        try:
            measure_disks()
            measure_all()
        finally:
            _watching.release()

    def backs_up(self, store: DataStore) -> bool:
        """Say whether the store's engine is archived here."""
        return archiver_of(store) is not None

    def keep_archives(self) -> None:
        """Look at the logs, and end the work of operations that are over. A call returns at once while another looks."""
        if not _archiving.acquire(blocking=False):
            return
        try:
            watching.look_at_all()
            watching.sweep(machine())
            keeping.erase_old(machine())
            loss.replace_lost(machine())
        finally:
            _archiving.release()

    def renew_certificates(self) -> None:
        """Renew those of the nodes that are up; a node that is off gets its new one when it is powered on."""
        for node in Node.objects.filter(state=Node.State.UP, store__region__site__kind=self.kind).select_related(
            "store"
        ):
            try:
                if renew_certificate(machine(), node):
                    log.info("Renewed the certificate of %s.", node)
            except Exception:  # one broken server must not let the others' certificates end
                log.exception("The certificate of %s could not be renewed.", node.pk)


def _fill(engine: LocalEngine) -> None:
    size = settings.WARM_POOL_SIZE
    try:
        pool.fill(engine, size if engine.most_ready is None else min(size, engine.most_ready))
    except Exception:
        log.exception("No data directory of %s could be made ready.", engine.slug)

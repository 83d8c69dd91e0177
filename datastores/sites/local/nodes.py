"""What is done with a node from several places: configure it, start it, renew its certificate."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from django.conf import settings

from console.encryption import EncryptionError
from datastores.models import Archive, DataStore, Node
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.errors import ArchiverError
from datastores.sites.local.archive.vault import vault_of
from datastores.sites.local.certificates import ensure_certificate
from datastores.sites.local.engine import Place, Sizing
from datastores.sites.local.engines import local_engine
from datastores.sites.local.machine import Machine
from datastores.sites.local.places import place_of
from datastores.sites.local.replication import Replicating
from host.sandbox import Sandbox
from host.supervisor import State

STOP_SECONDS = 5.0
# A standby takes a failed primary's place meanwhile; that it recovers beside that would only cost both of them time.
PAUSE_SECONDS = 0.3
UNREAD_FILE = "server.crt.unread"  # beside a certificate that the running server was not seen to read


def sizing_of(store: DataStore) -> Sizing:
    """Return what the settings of the store's nodes follow from."""
    plan, site = store.plan, store.region.site
    development = site.sizing == site.Sizing.DEVELOPMENT
    return Sizing(plan.facts(), plan.storage_gib, development=development, settings=store.settings)


def configure_node(machine: Machine, node: Node) -> None:
    """Write certificate, settings and service of a node anew: sockets and programs may have moved with an update.

    The protection that its process gets is saved, so that the node's page can name it.
    """
    place, engine = place_of(node, machine.home), local_engine(node.store)
    ensure_certificate(place, machine.authority)
    if archiver := archiver_of(node.store):
        with contextlib.suppress(ArchiverError, EncryptionError):  # the node goes on with what it knows of its archive
            in_bucket = settings.ARCHIVE_BUCKET is not None and archiver.takes_buckets
            vault = vault_of(Archive.of(node.store, in_bucket=in_bucket), machine.home)
            archiver.configure(place, vault, node.store.plan.storage_gib)
    engine.configure(place, sizing_of(node.store))
    service = engine.service(place)
    if isinstance(engine, Replicating):
        engine.write_part(place, *part_of(machine, node))
        if node.store.plan.node_count > 1 and not engine.asynchronous:
            service = replace(service, pause=PAUSE_SECONDS)
    machine.supervisor.write(service)
    protection = Sandbox.of_this_machine(machine.programs).describe().sentence
    if protection != node.protection:
        node.protection = protection
        node.save(update_fields=["protection"])


def part_of(machine: Machine, node: Node) -> tuple[Place | None, frozenset[str]]:
    """Return whom the node follows, as the rows say (None: nobody, it is the primary), and for whom it waits."""
    others = list(node.store.nodes.exclude(pk=node.pk).exclude(port=None))
    if node.role == Node.Role.STANDBY:
        primary = next(other for other in others if other.role == Node.Role.PRIMARY)
        return place_of(primary, machine.home), frozenset()
    if node.store.guarantee_suspended_since is not None:
        return None, frozenset()
    return None, frozenset(place_of(other, machine.home).name for other in others if other.counted)


def restart_node(machine: Machine, node: Node) -> None:
    """Configure a node that should run and have it started."""
    configure_node(machine, node)
    machine.supervisor.start(place_of(node, machine.home).name)


def unblock_node(machine: Machine, node: Node) -> None:
    """Start a node whose program ends again and again although it should run; one that runs is left alone.

    A server that was killed in the instant in which it writes its lock file leaves an empty one, and refuses to
    start over it for ever. The lock is removed only when no process works in the data directory.
    """
    place = place_of(node, machine.home)
    if machine.supervisor.status(place.name).state == State.UP:
        return
    machine.supervisor.stop(place.name, STOP_SECONDS)
    local_engine(node.store).forget_locks(place)
    machine.supervisor.start(place.name)


def renew_certificate(machine: Machine, node: Node) -> bool:
    """Renew a running node's certificate where it ends soon; sessions stay. True where the server took a new one.

    A server that could not be asked to read it is asked again at the next call.
    """
    place = place_of(node, machine.home)
    unread = place.configuration / UNREAD_FILE
    if ensure_certificate(place, machine.authority):
        unread.touch(mode=0o600)
    elif not unread.exists():
        return False
    local_engine(node.store).reload(place)
    unread.unlink(missing_ok=True)
    return True

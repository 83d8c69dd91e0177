"""An archive that takes nothing: the server keeps a bounded queue, gives up the rest, and everybody is told; a backup heals it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from console.audit import Actor
from console.models import Member, Notice
from datastores import actions
from datastores.engines.registry import history_of
from datastores.models import Archive, Region, ServicePlan
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.watching import look_at, tell
from datastores.sites.local.machine import Machine
from datastores.sites.local.nodes import configure_node
from datastores.sites.local.places import place_of
from datastores.sites.local.postgresql.archive import pgbackrest
from datastores.sites.local.postgresql.logins import platform_login
from host.waiting import wait_until
from tests.local_site import connect
from tests.real.backups.test_postgresql import done, fresh, seal

pytestmark = [pytest.mark.real, pytest.mark.django_db]
QUEUE_MIB = 64  # four files
SWITCH = "SELECT pg_logical_emit_message(true, 'x', 'x'); SELECT pg_switch_wal()"


def test_a_full_queue_is_given_up_told_and_healed_by_the_next_backup(
    actor: Actor, admin: Member, region: Region, local_site: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = ServicePlan.objects.get(slug="startup-4")
    made = actions.create_store(actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan)
    done(made.operations.get())
    done(actions.back_up(actor=actor, store=fresh(made)))
    store, archiver, node = fresh(made), archiver_of(made), made.nodes.get()
    assert archiver
    monkeypatch.setattr(pgbackrest, "queue_mib", lambda _: QUEUE_MIB)
    configure_node(local_site, node)
    place, folder = place_of(node, local_site.home), local_site.home.archive / Archive.of(store).name
    (log,) = folder.glob("archive/store/17-1/*")

    def looked() -> Archive:
        found = look_at(store, archiver)
        assert found
        return found

    def kept_mib() -> int:
        waiting = list((place.data / "pg_wal" / "archive_status").glob("*.ready"))
        return 16 * len(waiting)

    log.chmod(0o500)
    with platform_login(place) as server:
        for _ in range(3):
            server.execute(SWITCH)
    assert wait_until(lambda: "permission denied" in looked().problem, 20)
    assert kept_mib() == 48, "the log waits"
    with platform_login(place) as server:
        for _ in range(5):
            server.execute(SWITCH)
    assert wait_until(lambda: kept_mib() <= QUEUE_MIB, 20), "what is too much is given up"
    with connect(store) as client:
        client.execute("CREATE TABLE notes AS SELECT 1 AS id")

    log.chmod(0o700)
    assert wait_until(lambda: looked().unbroken_since is not None, 30), "the hole is recognised"
    archive = looked()
    tell(archive)
    assert "gap" in archive.alarms
    assert Notice.objects.filter(subject="orders: a part of its log is lost", tone="danger").count() == 1
    assert archive.window(timezone.now(), history_of(store)) is None
    assert archive.next_backup_at
    assert archive.next_backup_at <= timezone.now()

    done(actions.back_up(actor=actor, store=store))
    archive = seal(store)
    tell(archive)
    assert "gap" not in archive.alarms
    assert archive.window(timezone.now(), history_of(store))
    done(actions.prove(actor=actor, store=store))

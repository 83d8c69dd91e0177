"""What the plan does not keep goes, with the log that only it needs; what is left restores. After deletion a week is left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.actions import Wish
from datastores.engines.registry import history_of
from datastores.models import Archive, Backup, DataStore, Region, ServicePlan
from datastores.sites.local.archive.keeping import erase_old
from datastores.sites.local.machine import Machine
from datastores.sites.local.places import place_of
from datastores.sites.local.postgresql.archive import pgbackrest
from tests.local_site import connect
from tests.real.backups.test_postgresql import count, done, fresh, seal

pytestmark = [pytest.mark.real, pytest.mark.django_db]
DAY = timedelta(days=1)


def test_the_oldest_goes_with_its_log_and_a_deleted_store_s_archive_after_a_week(
    actor: Actor, admin: Member, region: Region, local_site: Machine
) -> None:
    plan = ServicePlan.objects.get(slug="startup-4")
    made = actions.create_store(actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan)
    done(made.operations.get())
    store, now, history = fresh(made), timezone.now(), history_of(made)
    with connect(store) as client:
        client.execute("CREATE TABLE notes (id int)")
    for age in (history + 3 * DAY, history + DAY, 0 * DAY):
        with connect(store) as client:
            client.execute("INSERT INTO notes VALUES (1)")
        done(actions.back_up(actor=actor, store=store))
        newest = Backup.objects.latest("pk")
        Backup.objects.filter(pk=newest.pk).update(began_at=now - age, finished_at=now - age)
        seal(store)
    oldest, middle, _ = Backup.objects.order_by("pk")
    folder = local_site.home.archive / Archive.of(store).name
    log = sorted(path.name[:24] for path in folder.glob("archive/store/17-1/*/*-*"))

    proof = done(actions.prove(actor=actor, store=store))
    assert "could not be removed" not in proof.sentence
    states = list(Backup.objects.order_by("pk").values_list("state", flat=True))
    assert states == [Backup.State.EXPIRED, Backup.State.COMPLETE, Backup.State.COMPLETE]
    file = place_of(store.nodes.get(), local_site.home).configuration / pgbackrest.ARCHIVE_FILE
    assert [stored.label for stored in pgbackrest.catalogue(file)] == [
        backup.label for backup in Backup.objects.exclude(pk=oldest.pk).order_by("pk")
    ]
    left = sorted(path.name[:24] for path in folder.glob("archive/store/17-1/*/*-*"))
    assert left == log[-len(left) :], "only the beginning of the log went"
    assert 0 < len(left) < len(log)

    back = actions.restore_to_new_store(
        actor=actor, member=admin, source=store, name="orders then", wish=Wish(backup=middle.label)
    )
    done(back.operations.get())
    assert count(back) == 2
    a_week_after_deletion(store, actor, local_site)


def a_week_after_deletion(store: DataStore, actor: Actor, local_site: Machine) -> None:
    """The archive is there to the end of the seventh day, and gone afterwards."""
    folder = local_site.home.archive / Archive.of(store).name
    done(actions.delete_store(actor=actor, store=fresh(store), typed_name="orders"))
    erase_old(local_site, timezone.now() + 7 * DAY - timedelta(minutes=1))
    assert folder.exists()
    erase_old(local_site, timezone.now() + 7 * DAY + timedelta(minutes=1))
    assert not folder.exists()
    assert not Archive.objects.filter(store=store).exists()

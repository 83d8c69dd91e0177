"""Kill the worker after every step of backing up, proving and restoring a MySQL; run again; nothing is lost or left over."""

from __future__ import annotations

import shutil

import pytest

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.actions import Wish
from datastores.models import Backup, DataStore, Node, Proof, Region, ServicePlan
from datastores.sites.local.archive.loss import open_restore
from datastores.sites.local.doctor import examine
from datastores.sites.local.machine import Machine
from datastores.sites.local.mysql.archive.cloning import clone_directory
from datastores.sites.local.places import place_of
from tests.crash.test_archive import survive
from tests.real.backups.test_mysql import count, rows, run
from tests.real.backups.test_postgresql import done, fresh

pytestmark = [pytest.mark.crash, pytest.mark.real, pytest.mark.django_db]


@pytest.fixture
def store(actor: Actor, admin: Member, region: Region, local_site: Machine) -> DataStore:
    """A Startup MySQL with a hundred rows."""
    plan = ServicePlan.objects.get(slug="startup-4")
    made = actions.create_store(actor=actor, member=admin, engine="mysql", name="orders", region=region, plan=plan)
    done(made.operations.get())
    run(made, "CREATE TABLE notes (id int PRIMARY KEY, text text)", rows(1, 100))
    return fresh(made)


def test_every_step_survives_a_death(
    store: DataStore, actor: Actor, admin: Member, local_site: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    survive(actions.back_up(actor=actor, store=store), monkeypatch)
    assert list(Backup.objects.values_list("state", flat=True)) == [Backup.State.COMPLETE]
    assert not clone_directory(place_of(store.nodes.get(), local_site.home)).exists()
    survive(actions.prove(actor=actor, store=store), monkeypatch)
    assert Proof.objects.get().state == Proof.State.PASSED
    assert not list(local_site.home.scratch.iterdir())
    assert not list(local_site.home.run.glob("copy-*"))
    made = actions.restore_to_new_store(actor=actor, member=admin, source=store, name="again", wish=Wish())
    survive(made.operations.get(), monkeypatch)
    assert count(made) == 100
    shutil.rmtree(place_of(store.nodes.get(), local_site.home).data)
    survive(open_restore(store, "test"), monkeypatch)
    assert count(store) == 100
    assert fresh(store).slot.port == store.slot.port
    assert Node.objects.filter(store=store).count() == 1
    assert examine(local_site) == []

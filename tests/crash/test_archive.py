"""Kill the worker after every step of backing up, proving and restoring; run again; nothing is lost or left over."""

from __future__ import annotations

import contextlib
import shutil
from datetime import timedelta

import pytest
from django.utils import timezone

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.actions import Wish
from datastores.models import Backup, DataStore, Node, Operation, Proof, Region, ServicePlan
from datastores.operations import registry, runner
from datastores.operations.outcomes import Outcome
from datastores.operations.procedure import Procedure
from datastores.sites.local.archive.loss import open_restore
from datastores.sites.local.doctor import examine
from datastores.sites.local.machine import Machine
from datastores.sites.local.places import place_of
from tests.crash.test_crash_ring import Killed
from tests.local_site import connect, settle
from tests.real.backups.test_cache import client, keys
from tests.real.backups.test_postgresql import count, done, fresh

pytestmark = [pytest.mark.crash, pytest.mark.real, pytest.mark.django_db]


@pytest.fixture
def store(actor: Actor, admin: Member, region: Region, local_site: Machine) -> DataStore:
    """A Startup PostgreSQL with a hundred rows and a backup."""
    plan = ServicePlan.objects.get(slug="startup-4")
    made = actions.create_store(actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan)
    done(made.operations.get())
    with connect(fresh(made)) as client:
        client.execute("CREATE TABLE notes AS SELECT g AS id FROM generate_series(1, 100) g")
    done(actions.back_up(actor=actor, store=fresh(made)))
    return fresh(made)


def survive(operation: Operation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the operation with workers that die after every kind of outcome of every step, once each."""
    deaths: set[tuple[str, str]] = set()
    record = runner._record

    def dying(operation: Operation, procedure: Procedure, outcome: Outcome, *, keep: bool = False) -> None:
        death = (operation.step, type(outcome).__name__)
        if death not in deaths:
            deaths.add(death)
            raise Killed
        record(operation, procedure, outcome, keep=keep)

    with monkeypatch.context() as patched:
        patched.setattr(runner, "_record", dying)
        while Operation.objects.active().filter(pk=operation.pk).exists():
            with contextlib.suppress(Killed):
                settle(operation)
            Operation.objects.filter(pk=operation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    operation.refresh_from_db()
    assert operation.state == Operation.State.DONE, operation.sentence
    procedure = registry.find(operation.kind, "local")
    assert {step for step, _ in deaths} == set(procedure.steps())


def test_backing_up_and_proving_survive_a_death_at_every_step(
    store: DataStore, actor: Actor, local_site: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    survive(actions.back_up(actor=actor, store=store), monkeypatch)
    assert list(Backup.objects.values_list("state", flat=True)) == [Backup.State.COMPLETE] * 2
    survive(actions.prove(actor=actor, store=store), monkeypatch)
    assert Proof.objects.get().state == Proof.State.PASSED
    assert not list(local_site.home.scratch.iterdir())
    assert not list(local_site.home.run.glob("copy-*"))
    assert examine(local_site) == []


def test_restoring_and_replacing_a_node_survive_a_death_at_every_step(
    store: DataStore, actor: Actor, admin: Member, local_site: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = actions.restore_to_new_store(actor=actor, member=admin, source=store, name="again", wish=Wish())
    survive(made.operations.get(), monkeypatch)
    assert count(made) == 100
    shutil.rmtree(place_of(store.nodes.get(), local_site.home).data)
    survive(open_restore(store, "test"), monkeypatch)
    assert count(store) == 100
    assert fresh(store).slot.port == store.slot.port
    assert Node.objects.filter(store=store).count() == 1
    assert examine(local_site) == []


def test_a_cache_s_archive_survives_a_death_at_every_step(
    actor: Actor, admin: Member, region: Region, local_site: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = ServicePlan.objects.get(slug="startup-4")
    store = actions.create_store(actor=actor, member=admin, engine="cache", name="cache", region=region, plan=plan)
    done(store.operations.get())
    with client(store) as cache:
        cache.mset({f"key:{number}": number for number in range(100)})
    survive(actions.back_up(actor=actor, store=store), monkeypatch)
    survive(actions.back_up(actor=actor, store=fresh(store)), monkeypatch)
    Backup.objects.filter(pk__gt=0).update(finished_at=timezone.now() - timedelta(days=40))
    oldest = Backup.objects.order_by("label").first()
    Backup.objects.filter(pk=oldest.pk if oldest else 0).update(finished_at=timezone.now() - timedelta(days=41))
    survive(actions.prove(actor=actor, store=store), monkeypatch)
    assert Proof.objects.get().state == Proof.State.PASSED
    assert Backup.objects.filter(state=Backup.State.EXPIRED).count() == 1
    made = actions.restore_to_new_store(actor=actor, member=admin, source=store, name="again", wish=Wish())
    survive(made.operations.get(), monkeypatch)
    shutil.rmtree(place_of(store.nodes.get(), local_site.home).data)
    survive(open_restore(store, "test"), monkeypatch)
    assert (keys(made), keys(store)) == (100, 100)
    assert fresh(store).slot.port == store.slot.port
    assert not list(local_site.home.scratch.iterdir())
    assert examine(local_site) == []

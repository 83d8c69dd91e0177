"""Each kind of file of a MySQL's archive, corrupted, cut off or removed: what finds it, and that nobody is told that all is well."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from console.audit import Actor
from datastores import actions
from datastores.models import Archive, Backup, DataStore, Operation, Proof
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.vault import vault_of
from datastores.sites.local.machine import Machine
from datastores.sites.local.mysql.archive.shipping import GAP
from datastores.sites.local.places import place_of
from tests.local_site import settle
from tests.real.backups.test_damage import HARM
from tests.real.backups.test_mysql import run, store
from tests.real.backups.test_postgresql import done, seal

pytestmark = [pytest.mark.real, pytest.mark.django_db]
__all__ = ["store"]
FILES = {  # kind of file -> where it is in the archive
    "data": "data/*/*",
    "index": "index/*",
    "snapshot": "snapshots/*",
    "key": "keys/*",
    "config": "config",
    "log": "log/0*",
}
# All eighteen pairs were found when this was written; these are enough to keep it so.
HARMED = [
    *(("data", name) for name in HARM),
    ("index", "cut"),
    ("snapshot", "remove"),
    ("key", "corrupt"),
    *(("log", name) for name in HARM),
]


def test_the_proof_finds_every_harm(store: DataStore, actor: Actor, local_site: Machine, tmp_path: Path) -> None:
    done(actions.back_up(actor=actor, store=store))
    directory, backup = local_site.home.archive / Archive.of(store).name, Backup.objects.get()
    whole, said = tmp_path / "whole", Counter[str]()
    shutil.copytree(directory, whole)
    for file, name in HARMED:
        for path in sorted(directory.glob(FILES[file])):
            path.chmod(0o600)
            HARM[name](path)
        ended = settle(actions.prove(actor=actor, store=store))
        assert ended.state == Operation.State.FAILED, f"{name} {file}: {ended.sentence}"
        said[ended.sentence] += 1
        assert Proof.objects.order_by("-pk")[0].state == Proof.State.FAILED
        backup.refresh_from_db()
        assert backup.state == Backup.State.DAMAGED
        shutil.rmtree(directory)
        shutil.copytree(whole, directory)
        Backup.objects.update(state=Backup.State.COMPLETE)
    assert not any("the log says why" in sentence for sentence in said), said
    assert not list(local_site.home.scratch.iterdir())
    done(actions.prove(actor=actor, store=store))

    backup.refresh_from_db()
    backup.manifest["tables"]["defaultdb.notes"] += 1
    backup.save()
    ended = settle(actions.prove(actor=actor, store=store))
    assert "defaultdb.notes has 1,000 rows instead of 1,001" in ended.sentence

    run(store, "DELETE FROM notes WHERE id > 10")
    seal(store)
    sorted(directory.glob(FILES["log"]))[-1].unlink()
    archiver, archive = archiver_of(store), Archive.of(store)
    assert archiver
    place = place_of(store.nodes.get(), local_site.home)
    found = archiver.look(place, vault_of(archive, local_site.home), archive.position, archive.created_at)
    assert found.missing == GAP

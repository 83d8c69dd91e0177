"""With a standby, the backup is copied from it, also after it has changed places with the primary."""

from __future__ import annotations

import pytest

from console.audit import Actor
from datastores import actions
from datastores.models import DataStore, Node
from datastores.sites.local.machine import Machine
from datastores.sites.local.places import place_of
from datastores.sites.local.postgresql.archive import pgbackrest
from datastores.sites.local.procedures.back_up import BackUp
from tests.availability import Maker, Monitor, fresh, primary, wait_whole
from tests.local_site import connect
from tests.real.backups.test_postgresql import done

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_a_standby_is_copied_from_before_and_after_a_switchover(
    make: Maker, actor: Actor, site: Machine, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    clear = BackUp.clear

    def listening(procedure: BackUp) -> None:
        said.append(procedure.job("backup").output() + procedure.job("backup").last_words())
        clear(procedure)

    monkeypatch.setattr(BackUp, "clear", listening)
    store = make("postgresql", "business-4")
    wait_whole(store)
    with connect(store) as client:
        client.execute("CREATE TABLE notes AS SELECT g AS id FROM generate_series(1, 1000) g")
    assert copied_from_standby(store, actor, site)
    old = primary(store)
    done(actions.switch_over(actor=actor, store=fresh(store)))
    wait_whole(store)
    assert primary(store).pk != old.pk
    assert copied_from_standby(store, actor, site)
    assert not any("using primary instead" in words for words in said)
    assert "1 table, 1,000 rows checked" in done(actions.prove(actor=actor, store=fresh(store))).sentence

    site.supervisor.stop(place_of(store.nodes.get(role=Node.Role.STANDBY), site.home).name)
    done(actions.back_up(actor=actor, store=fresh(store)))
    assert "1 table, 1,000 rows checked" in done(actions.prove(actor=actor, store=fresh(store))).sentence


def copied_from_standby(store: DataStore, actor: Actor, site: Machine) -> bool:
    """Back up, and read in the archive's own description where the copy came from."""
    done(actions.back_up(actor=actor, store=fresh(store)))
    file = place_of(primary(store), site.home).configuration / pgbackrest.ARCHIVE_FILE
    label = pgbackrest.catalogue(file)[-1].label
    manifest = pgbackrest.answer(pgbackrest.command(file, "repo-get", f"backup/store/{label}/backup.manifest"))
    return "option-backup-standby=true" in manifest

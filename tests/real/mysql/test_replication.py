"""Standbys on real servers: copied, followed, waited for, promoted, led to another primary."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from datastores.sites.local.mysql import LocalMySQL
from host.waiting import wait_until

from .group import Group, lost, writing

pytestmark = pytest.mark.real


@pytest.fixture
def group(engine: LocalMySQL) -> Iterator[Group]:
    group = Group(engine)
    yield group
    group.remove()


def test_life(group: Group) -> None:
    t0 = time.time()

    def tick(word):
        nonlocal t0
        print(word, round(time.time() - t0, 3))
        t0 = time.time()

    primary = group.primary()
    tick("primary")
    group.run(primary, "CREATE TABLE kept (id INT PRIMARY KEY)")
    group.run(primary, "INSERT INTO kept VALUES (1)")
    one = group.node(primary)
    tick("node")
    print(group.join(one, primary))
    tick("joined")
    two = group.standby(primary)
    tick("second")
    print(group.standing(primary), group.standing(one))
    tick("standing")
    group.engine.set_synchronous(primary, [one.name, two.name])
    tick("sync")
    print(group.standing(primary))
    tick("standing")
    with writing(group, primary) as acknowledged:
        wait_until(lambda: len(acknowledged) > 500, 10)
        tick("500 rows")
        group.kill(primary)
        tick("kill")
        print(len(acknowledged))
        best = max((one, two), key=lambda p: group.standing(p).position)
        other = two if best is one else one
        tick("choose")
        group.engine.promote(best)
        tick("promote")
        print(group.standing(best))
        tick("standing")
    assert lost(group, best, acknowledged) == set()
    t0 = time.time()
    group.engine.follow(other, best)
    tick("follow")
    group.engine.prepare_primary(best, [other])
    tick("prepare")
    group.engine.set_synchronous(best, [other.name])
    tick("sync")
    print(group.standing(best))
    tick("standing")
    group.run(best, "INSERT INTO kept VALUES (2)")
    tick("write")
    assert group.follows(other, best)
    print(group.run(other, "SELECT * FROM kept"))
    print("rewind", group.engine.rewind(primary, best))
    tick("rewind")

"""Backing up and restoring a 2 GB MySQL as the product does it, beside a plain ``tar | zstd | openssl`` of the same directory.

Then what an unchanged store adds to its repository, what clients write while a backup runs beside what they write without one, and how
long a look takes that archives what was written. HEADWATER_BENCH_ROWS is the number of rows of about 200 bytes (9 million are 2 GB).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import django
import pymysql
from django.conf import settings
from django.test.utils import override_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from datastores.limits import PlanFacts  # noqa: E402
from datastores.sites.local.archive.contract import Target  # noqa: E402
from datastores.sites.local.archive.vault import Vault  # noqa: E402
from datastores.sites.local.certificates import ensure_certificate  # noqa: E402
from datastores.sites.local.engine import Place, Sizing  # noqa: E402
from datastores.sites.local.mysql import LocalMySQL  # noqa: E402
from datastores.sites.local.mysql.archive.archiver import MySQLArchiver  # noqa: E402
from datastores.sites.local.mysql.logins import platform_login  # noqa: E402
from host.authority import Authority  # noqa: E402
from host.jobs import Command, Job, JobState  # noqa: E402
from host.paths import Home  # noqa: E402
from host.waiting import wait_until  # noqa: E402
from tests.bench.background import finish, while_running  # noqa: E402
from tests.bench.report import Row, report  # noqa: E402

RUNS = 3
ROWS = int(os.environ.get("HEADWATER_BENCH_ROWS", "9000000"))
PART = 250_000
WRITE_SECONDS = 10
CLIENTS = 4
SIZING = Sizing(PlanFacts("startup", 4, 1), storage_gib=80, development=False)
TABLE = "CREATE TABLE defaultdb.sbtest (id INT AUTO_INCREMENT PRIMARY KEY, k INT, c CHAR(120), pad CHAR(60), KEY (k))"
FILL = (
    "INSERT INTO defaultdb.sbtest (k, c, pad) WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {part})"
    " SELECT RAND() * 1000000, CONCAT_WS('-', {ten}), CONCAT_WS('-', {five}) FROM g"
)
DIGIT = "LPAD(FLOOR(RAND() * 1e10), 11, '0')"
SEAL = "tar -C {} -c . | zstd -q -3 | openssl enc -aes-256-ctr -pbkdf2 -pass pass:bench > {}"
OPEN = "openssl enc -d -aes-256-ctr -pbkdf2 -pass pass:bench < {} | zstd -q -d | tar -C {} -x && sync -f {}"
archiver, engine = MySQLArchiver(), LocalMySQL()


def bare(line: str) -> float:
    """Run a line of the shell; the seconds that it took."""
    began = time.perf_counter()
    subprocess.run(["bash", "-o", "pipefail", "-c", line], check=True)
    return time.perf_counter() - began


def session(place: Place) -> pymysql.Connection[pymysql.cursors.Cursor]:
    """Log in as the platform, to write."""
    return platform_login(place, 600)


def fill(place: Place) -> None:
    """Make the rows, as sysbench's are."""
    with session(place) as connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
        cursor.execute(f"SET SESSION cte_max_recursion_depth = {PART}")
        for _ in range(0, ROWS, PART):
            cursor.execute(FILL.format(part=PART, ten=", ".join([DIGIT] * 10), five=", ".join([DIGIT] * 5)))
        cursor.execute("SELECT COUNT(*) FROM defaultdb.sbtest")


def writes(place: Place) -> float:
    """Return updates per second, each its own transaction, of some clients."""
    until, done = time.monotonic() + WRITE_SECONDS, [0] * CLIENTS

    def write(client: int) -> None:
        with session(place) as connection, connection.cursor() as cursor:
            while time.monotonic() < until:
                number = client + 1 + 97 * done[client] % ROWS
                cursor.execute("UPDATE defaultdb.sbtest SET k = k + 1 WHERE id = %s", (number,))
                done[client] += 1

    threads = [threading.Thread(target=write, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / WRITE_SECONDS


def look_seconds(place: Place, vault: Vault, note: dict[str, object]) -> float:
    """Return how long a look takes after one commit; from then on that can be restored."""
    with session(place) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE defaultdb.sbtest SET k = k + 1 WHERE id = 1")
    note.pop("beaten_at", None)
    began = time.perf_counter()
    found = archiver.look(place, vault, note, datetime.now(UTC))
    if not found.archived_until:
        raise RuntimeError(found.problem or found.missing)
    note.update(found.position)
    return time.perf_counter() - began


def caught_up(place: Place, vault: Vault) -> dict[str, object]:
    """Have everything archived, and return the note for the next look."""
    note: dict[str, object] = {}
    while True:
        found = archiver.look(place, vault, note, datetime.now(UTC))
        note = dict(found.position)
        if found.archived_until:
            return note


def stored(vault: Vault) -> int:
    """Return what the repository takes, without the log, in bytes."""
    return sum(file.stat().st_size for file in (vault.directory / "data").rglob("*") if file.is_file())


def measure(top: Path) -> list[Row]:
    """Make the data and take all figures."""
    place, vault = Place("bench", top / "node", top / "s", 5597), Vault(top / "vault", "key-of-the-bench")
    place.directory.mkdir(parents=True)
    engine.initialise(place.data)
    ensure_certificate(place, Authority(settings.HOME))
    archiver.configure(place, vault, 80)
    engine.configure(place, SIZING)
    server = Job(top / "server")
    server.start(Command(engine.service(place).command))
    if not wait_until(lambda: engine.ready(place), 60):
        raise RuntimeError(server.last_words())
    fill(place)
    archiver.prepare(place)
    note = caught_up(place, vault)
    product = [finish(Job(top / "first"), archiver.back_up(place))]
    finish(Job(top / "settled"), archiver.back_up(place))  # what was loaded last was only in the redo log
    again, added = [], []
    for run in range(RUNS):
        before = stored(vault)
        again.append(finish(Job(top / f"again{run}"), archiver.back_up(place)))
        added.append(100 * (stored(vault) - before) / before)
    label = archiver.catalogue(place)[-1].label
    floor, floor_restored, restored = [], [], []
    for run in range(RUNS):
        copy = Place(f"copy{run}", top / f"copy{run}", top / f"c{run}", 5596)
        restored.append(
            finish(Job(top / f"restore{run}"), archiver.restore(copy, vault, Target(label)), background=False)
        )
        sealed, opened = top / "sealed", top / "opened"
        floor.append(bare(SEAL.format(copy.data, sealed)))
        shutil.rmtree(copy.directory)
        opened.mkdir()
        floor_restored.append(bare(OPEN.format(sealed, opened, opened)))
        shutil.rmtree(opened)
    for run in range(RUNS - 1):
        other = Vault(top / f"vault{run}", "key-of-the-bench")
        archiver.configure(place, other, 80)
        archiver.prepare(place)
        product.append(finish(Job(top / f"fresh{run}"), archiver.back_up(place)))
        shutil.rmtree(other.directory)
    archiver.configure(place, vault, 80)
    calm, busy, slowed = [], [], []
    for run in range(RUNS):
        calm.append(writes(place))
        wrote, took = while_running(Job(top / f"busy{run}"), archiver.back_up(place), lambda: writes(place))
        busy.append(wrote)
        slowed.append(took)
    looks = [look_seconds(place, vault, note) for _ in range(5)]
    archiver.stop_copy(place)
    wait_until(lambda: server.state() is not JobState.RUNNING, 60)
    return [
        Row("tar | zstd | openssl", floor),
        Row("first backup", product, baseline="tar | zstd | openssl", goal=1 / 0.7),
        Row("backup of an unchanged store", again, baseline="tar | zstd | openssl"),
        Row("openssl | zstd | tar", floor_restored),
        Row("restore", restored, baseline="openssl | zstd | tar", goal=1 / 0.7),
        Row("an unchanged store adds", added, unit="%", goal=1),
        Row("writes without a backup", calm, unit="tps"),
        Row("writes during a backup", busy, unit="tps", baseline="writes without a backup", goal=0.9),
        Row("a backup beside writes", slowed),
        Row("a look that archives a commit", looks, goal=5),
    ]


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="hwb-", dir="/tmp") as top:
        home = Home(Path(top) / "home", engine_trees=settings.HOME.engines)
        home.make()
        with override_settings(HOME=home):
            report("MySQL backup: a 2 GB data set", measure(Path(top)))


if __name__ == "__main__":
    main()

"""Backing up and restoring a 2 GB PostgreSQL as the product does it, beside bare pgBackRest with the same options.

In turn, on the same data: the product's job (low priority, with its catalogue read afterwards) and pgBackRest started by hand. Then
what clients write while a backup runs beside what they write without one, and how long a commit takes to be archived
(``bench_due`` has what is due). HEADWATER_BENCH_SCALE is pgbench's scale (136 is 2 GB).
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import django
from django.conf import settings
from django.test.utils import override_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from datastores.limits import PlanFacts  # noqa: E402
from datastores.sites.local.archive.contract import Target  # noqa: E402
from datastores.sites.local.archive.vault import Vault  # noqa: E402
from datastores.sites.local.engine import Place, Sizing  # noqa: E402
from datastores.sites.local.postgresql import LocalPostgreSQL  # noqa: E402
from datastores.sites.local.postgresql.archive import pgbackrest  # noqa: E402
from datastores.sites.local.postgresql.archive.archiver import PostgreSQLArchiver  # noqa: E402
from datastores.sites.local.postgresql.logins import platform_login  # noqa: E402
from datastores.sites.local.postgresql.names import PLATFORM  # noqa: E402
from datastores.sites.local.postgresql.programs import confined_server, program  # noqa: E402
from host.jobs import Command, Job, JobState  # noqa: E402
from host.paths import Home  # noqa: E402
from host.waiting import wait_until  # noqa: E402
from tests.bench.background import finish, while_running  # noqa: E402
from tests.bench.report import Row, report  # noqa: E402

RUNS = 3
SCALE = int(os.environ.get("HEADWATER_BENCH_SCALE", "136"))
WRITE_SECONDS = 10
COMMIT_SECONDS = 160
LONGEST_WAIT = 120
SIZING = Sizing(PlanFacts("startup", 4, 1), storage_gib=80, development=False)
archiver, engine = PostgreSQLArchiver(), LocalPostgreSQL()


def bare(command: Command) -> float:
    """Run a program by hand; the seconds that it took."""
    began = time.perf_counter()
    environment = {"PATH": "/usr/bin:/bin", **command.environment}
    subprocess.run(command.arguments, check=True, env=environment, capture_output=True)
    return time.perf_counter() - began


def serve(place: Place, name: str) -> Job:
    """Start a server that archives (or that replays) and wait until it takes writes."""
    job = Job(place.directory / name)
    job.start(Command(confined_server(place, "-c", "ssl=off", "-c", "listen_addresses="), {"LC_ALL": "C"}))
    if not wait_until(lambda: archiver.replayed(place), 600):
        raise RuntimeError(job.last_words())
    return job


def pgbench(place: Place, *arguments: str) -> str:
    """Run pgbench over the server's socket."""
    where = ["-h", str(place.sockets), "-p", str(place.port), "-U", PLATFORM]
    ran = subprocess.run(
        [str(program("pgbench")), *where, *arguments, "defaultdb"], check=True, capture_output=True, text=True
    )
    return ran.stdout


def writes(place: Place) -> float:
    """Return pgbench's transactions per second with four clients."""
    said = pgbench(place, "-n", "-c", "4", "-T", str(WRITE_SECONDS))
    return next(float(line.split()[2]) for line in said.splitlines() if line.startswith("tps"))


def commits_to_archived(place: Place, vault: Vault) -> list[float]:
    """Commit twice a second under no other load; the seconds from each commit to the arrival of its log file in the archive."""
    waiting: list[tuple[str, float]] = []
    taken: list[float] = []
    end = time.perf_counter() + COMMIT_SECONDS
    while waiting or time.perf_counter() < end:
        began = time.perf_counter()
        if began < end:
            with platform_login(place) as connection:  # it commits at its end
                connection.execute("SELECT txid_current()")
                row = connection.execute("SELECT pg_walfile_name(pg_current_wal_insert_lsn())").fetchone()
            waiting.append((row[0] if row else "", began))
        time.sleep(0.5)
        there = {path.name[:24] for path in vault.directory.glob("archive/*/*/*/*-*")}
        now = time.perf_counter()
        taken += [now - began for name, began in waiting if name in there]
        waiting = [(name, began) for name, began in waiting if name not in there]
        if now > end + LONGEST_WAIT:
            raise RuntimeError(f"{waiting[0][0]} was not archived")
    return taken


def measure(top: Path) -> list[Row]:
    """Make the data and take all figures."""
    place = Place("bench", top / "node", top / "s", 5599)
    vault, other = Vault(top / "vault", "key-of-the-bench"), Vault(top / "other", "key-of-the-bench")
    place.directory.mkdir(parents=True)
    engine.initialise(place.data)
    archiver.configure(place, vault, 80)
    engine.configure(place, SIZING)
    server = serve(place, "server")
    pgbench(place, "-i", "-q", "-s", str(SCALE))
    archiver.prepare(place)
    by_hand = pgbackrest.write_configuration("bare.conf", place, other)
    pgbackrest.make_stanza(by_hand)
    again = pgbackrest.command(by_hand, "--type=full", "--no-archive-check", "backup")
    # Meanwhile the server tidies up what was loaded.
    finish(Job(top / "settled"), archiver.back_up(place))
    product, floor, restored, floor_restored = [], [], [], []
    for run in range(RUNS):
        product.append(finish(Job(top / f"backup{run}"), archiver.back_up(place)))
        floor.append(bare(again))
    label = archiver.catalogue(place)[-1].label
    for run in range(RUNS):
        copy = Place(f"copy{run}", top / f"copy{run}", top / f"c{run}", 5598)
        restored.append(
            finish(Job(top / f"restore{run}"), archiver.restore(copy, vault, Target(label)), background=False)
        )
        shutil.rmtree(copy.directory)
        floor_restored.append(bare(archiver.restore(copy, vault, Target(label))))
        shutil.rmtree(copy.directory)
    calm, fresh, busy, slowed = [], [], [], []
    for run in range(RUNS):
        calm.append(writes(place))
        with platform_login(place) as connection:
            connection.execute("CHECKPOINT")  # as a backup begins with one: after it every page is logged whole once
        fresh.append(writes(place))
        wrote, took = while_running(Job(top / f"busy{run}"), archiver.back_up(place), lambda: writes(place))
        busy.append(wrote)
        slowed.append(took)
    archived = commits_to_archived(place, vault)
    archiver.stop_copy(place)
    wait_until(lambda: server.state() is not JobState.RUNNING, 60)
    return [
        Row("bare pgBackRest: backup", floor),
        Row("backup", product, baseline="bare pgBackRest: backup", goal=1 / 0.9),
        Row("bare pgBackRest: restore", floor_restored),
        Row("restore", restored, baseline="bare pgBackRest: restore", goal=1 / 0.9),
        Row("writes without a backup", calm, unit="tps"),
        Row("writes after a checkpoint", fresh, unit="tps", baseline="writes without a backup"),
        Row("writes during a backup", busy, unit="tps", baseline="writes without a backup", goal=0.9),
        Row("a backup beside writes", slowed),
        Row("commit to archived", archived),
        Row("commit to archived, 99 of 100", [statistics.quantiles(archived, n=100)[98]], goal=60),
    ]


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="hwb-", dir="/tmp") as top:
        home = Home(Path(top) / "home", engine_trees=settings.HOME.engines)
        home.make()
        with override_settings(HOME=home):
            report("Backup: PostgreSQL", measure(Path(top)))


if __name__ == "__main__":
    main()

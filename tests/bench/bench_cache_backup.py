"""Backing up and restoring a cache of a million keys as the product does it, beside a plain tar | zstd | encrypt of its files.

In turn, on the same data, each in a repository of its own, since what restic has once it does not keep again. Then what a
second backup of unchanged data adds, what clients write while a backup runs beside what they write without one, and how
long a write takes to be in the archive once its copy is due. HEADWATER_BENCH_KEYS is the number of keys of 2 KB.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import django
from django.conf import settings
from django.test.utils import override_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from datastores.limits import PlanFacts  # noqa: E402
from datastores.sites.local.archive.contract import Target  # noqa: E402
from datastores.sites.local.archive.vault import Vault  # noqa: E402
from datastores.sites.local.cache import LocalCache  # noqa: E402
from datastores.sites.local.cache.archive.archiver import CacheArchiver  # noqa: E402
from datastores.sites.local.cache.names import PLATFORM, platform_password, socket_file  # noqa: E402
from datastores.sites.local.cache.programs import confined_server, program  # noqa: E402
from datastores.sites.local.cache.sessions import Platform, session  # noqa: E402
from datastores.sites.local.certificates import ensure_certificate  # noqa: E402
from datastores.sites.local.engine import Place, Sizing  # noqa: E402
from host.authority import Authority  # noqa: E402
from host.jobs import LOW_PRIORITY, Command, Job, JobState  # noqa: E402
from host.paths import Home  # noqa: E402
from host.waiting import wait_until  # noqa: E402
from tests.bench.background import finish, while_running  # noqa: E402
from tests.bench.report import Row, report  # noqa: E402

RUNS = 3
KEYS = int(os.environ.get("HEADWATER_BENCH_KEYS", "1000000"))
VALUE_BYTES = 2048
WRITES = 200_000
ARRIVALS = 5
PORT = 5611
SIZING = Sizing(PlanFacts("startup", 8, 1), storage_gib=80, development=False)
PACK = 'tar -C "$1" -c . | zstd -q -3 | openssl enc -aes-256-ctr -pbkdf2 -pass "file:$2" >"$3"'
UNPACK = 'openssl enc -d -aes-256-ctr -pbkdf2 -pass "file:$2" <"$3" | zstd -q -d | tar -C "$1" -x'
archiver, engine = CacheArchiver(), LocalCache()


def piped(script: str, *words: Path) -> float:
    """Run a pipeline by hand, with the priority of a backup; the seconds that it took."""
    began = time.perf_counter()
    subprocess.run(
        ["nice", "-n", str(LOW_PRIORITY), "bash", "-c", f"set -o pipefail; {script}", "bench", *map(str, words)],
        check=True,
    )
    return time.perf_counter() - began


def load(place: Place, keys: int) -> float:
    """Write keys of random bytes; keys per second."""
    words = ["-s", str(socket_file(place)), "--user", PLATFORM, "-a", platform_password(place), "-q"]
    work = ["-t", "set", "-n", str(keys), "-r", str(KEYS), "-d", str(VALUE_BYTES), "-P", "16", "-c", "8"]
    began = time.perf_counter()
    subprocess.run([str(program("valkey-benchmark")), *words, *work], check=True, capture_output=True)
    return keys / (time.perf_counter() - began)


def fill(place: Place) -> None:
    """Write every key with a value of its own, half of which can be compressed."""
    with session(place, 60) as platform:
        for first in range(0, KEYS, 500):
            words = [
                word
                for number in range(first, min(first + 500, KEYS))
                for word in (f"key:{number:012}", os.urandom(VALUE_BYTES // 4).hex() + "x" * (VALUE_BYTES // 2))
            ]
            platform.ask("MSET", *words)
        settled(platform)  # it may have begun one by itself
        platform.ask("BGREWRITEAOF")
        settled(platform)


def settled(platform: Platform) -> None:
    """Wait until the server has written its snapshot."""
    if not wait_until(lambda: not int(platform.ask("INFO", "persistence")["aof_rewrite_in_progress"]), 300):
        raise RuntimeError("The snapshot was not written.")


def arrival(place: Place, vault: Vault) -> float:
    """Return the seconds from a write to its being in the archive, asked for at once."""
    with session(place) as platform:
        platform.ask("SET", "late", "1")
    began = time.perf_counter()
    moment, note = archiver.seal(place, {"era": ""})

    def arrived() -> bool:
        found = archiver.look(place, vault, note, datetime.now(UTC))
        return bool(found.archived_until and found.archived_until >= moment)

    if not wait_until(arrived, 120):
        raise RuntimeError("The log did not arrive.")
    return time.perf_counter() - began


def measure(top: Path) -> list[Row]:
    """Make the data and take all figures, of a server that ends with them."""
    server = Job(top / "server")
    try:
        return figures(top, server)
    finally:
        archiver.stop_copy(Place("bench", top / "node", top / "s", PORT))
        wait_until(lambda: server.state() is not JobState.RUNNING, 60)


def figures(top: Path, server: Job) -> list[Row]:
    """Make the data and take all figures."""
    place, key = Place("bench", top / "node", top / "s", PORT), top / "key"
    key.write_text("key-of-the-bench")
    place.directory.mkdir(parents=True)
    place.configuration.mkdir(parents=True)
    engine.initialise(place.data)
    ensure_certificate(place, Authority(settings.HOME))
    engine.configure(place, SIZING)
    server.start(Command(confined_server(place), {"LC_ALL": "C"}))
    if not wait_until(lambda: archiver.replayed(place), 60):
        raise RuntimeError(server.last_words())
    fill(place)
    product, floor, restored, floor_restored, again = [], [], [], [], []
    for run in range(RUNS):
        vault, packed = Vault(top / f"vault{run}", "key-of-the-bench"), top / f"packed{run}"
        archiver.configure(place, vault, 80)
        archiver.prepare(place)
        product.append(finish(Job(top / f"backup{run}"), archiver.back_up(place)))
        floor.append(piped(PACK, place.data, key, packed))
        finish(Job(top / f"again{run}"), archiver.back_up(place))
        first, second = archiver.catalogue(place)
        again.append(100 * second.stored_bytes / first.stored_bytes)
        copy = Place(f"copy{run}", top / f"copy{run}", top / f"c{run}", PORT + 1)
        target = Target(first.label, only_backup=True)
        restored.append(finish(Job(top / f"restore{run}"), archiver.restore(copy, vault, target), background=False))
        shutil.rmtree(copy.directory)
        copy.data.mkdir(parents=True)
        floor_restored.append(piped(UNPACK, copy.data, key, packed))
        shutil.rmtree(copy.directory)
        packed.unlink()
    calm, busy, slowed = [], [], []
    for run in range(RUNS):
        calm.append(load(place, WRITES))
        vault = Vault(top / f"busy-vault{run}", "key-of-the-bench")
        archiver.configure(place, vault, 80)
        archiver.prepare(place)
        wrote, took = while_running(
            Job(top / f"busy{run}"), archiver.back_up(place), lambda: load(place, WRITES), rests=archiver.rests
        )
        busy.append(wrote)
        slowed.append(took)
    arrivals = [arrival(place, vault) for _ in range(ARRIVALS)]
    return [
        Row("tar | zstd | encrypt", floor),
        Row("backup", product, baseline="tar | zstd | encrypt", goal=1 / 0.7),
        Row("decrypt | unzstd | untar", floor_restored),
        Row("restore of the files", restored, baseline="decrypt | unzstd | untar", goal=1 / 0.7),
        Row("a second backup of unchanged data adds", again, unit="%", goal=1),
        Row("writes without a backup", calm, unit="keys/s"),
        Row("writes during a backup", busy, unit="keys/s", baseline="writes without a backup", goal=0.9),
        Row("a backup beside writes", slowed),
        Row("write to archived, when it is asked for", arrivals, goal=60),
    ]


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="hwb-", dir="/tmp") as top:
        home = Home(Path(top) / "home", engine_trees=settings.HOME.engines)
        home.make()
        with override_settings(HOME=home):
            report("Cache backup: a million keys", measure(Path(top)))


if __name__ == "__main__":
    main()

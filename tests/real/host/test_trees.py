"""Engine trees from the network: built, damaged, repaired, pruned, and the ways in which that can fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from host.trees import Programs, TreeError, complete_builds, current_build, install_trees, prune_trees, verify
from host.trees.sources import Mirror, find_mirror
from host.waiting import wait_until

pytestmark = pytest.mark.real


def quiet(sentence: str, fraction: float | None) -> None:
    """Report to nobody."""


def install(engines: Path, mirror: str) -> list[str]:
    programs = Programs(engines, environment={})
    return install_trees(programs, ["runit"], quiet, environment={"HEADWATER_DEBIAN_MIRROR": mirror})


def contents(engines: Path) -> list[str]:
    return sorted(path.name for path in engines.rglob("*") if path.name != ".lock")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    """The smallest tree, fresh from the network."""
    programs = Programs(tmp_path_factory.mktemp("trees"), environment={})
    reports: list[float] = []
    built = install_trees(programs, ["runit"], lambda _, fraction: reports.append(fraction or 0))
    assert built == ["runit"]
    assert reports == sorted(reports)
    assert reports[-1] == 1
    return programs


def test_a_new_tree_is_good_and_is_not_built_again(installed: Programs) -> None:
    assert verify(installed, "runit").problems == ()
    assert installed.program("runit", "runsv").is_file()
    assert install_trees(installed, ["runit"], quiet) == []


def test_a_tree_uses_its_own_libraries_only(installed: Programs) -> None:
    build = current_build(installed.engines, "runit")
    assert build is not None
    tracing = {"LD_TRACE_LOADED_OBJECTS": "1"}
    listed = subprocess.run(
        [installed.program("runit", "runsv")], env=tracing, check=True, capture_output=True, text=True
    ).stdout
    files = [word for word in listed.split() if word.startswith("/")]
    assert files
    assert [file for file in files if not file.startswith(str(build.path))] == []


def test_damage_is_found_and_a_refresh_repairs_it(installed: Programs) -> None:
    before = current_build(installed.engines, "runit")
    assert before is not None
    (before.path / "usr/bin/sv").write_bytes(b"damaged")
    assert verify(installed, "runit").problems == ("usr/bin/sv was changed.",)
    assert install_trees(installed, ["runit"], quiet, refresh=True) == ["runit"]
    assert verify(installed, "runit").problems == ()
    assert install_trees(installed, ["runit"], quiet, refresh=True) == []
    assert [build.path for build in complete_builds(installed.engines, "runit")][1] == before.path


def test_prune_keeps_what_runs(installed: Programs, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "run").chmod(0o700)
    oldest = complete_builds(installed.engines, "runit")[-1]
    for _ in range(2):
        current = current_build(installed.engines, "runit")
        assert current is not None
        (current.path / "usr/bin/sv").unlink()
        install_trees(installed, ["runit"], quiet, refresh=True)
    with subprocess.Popen([oldest.path / "usr/bin/runsv", tmp_path]) as runsv:
        prune_trees(installed.engines, ["runit"], quiet)
        builds = [build.path for build in complete_builds(installed.engines, "runit")]
        assert (len(builds), builds[-1]) == (3, oldest.path)
        runsv.terminate()
    assert prune_trees(installed.engines, ["runit"], quiet) == [oldest.path]
    assert len(complete_builds(installed.engines, "runit")) == 2
    assert verify(installed, "runit").problems == ()


def test_a_killed_installation_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from host.trees import Programs, install_trees\n"
        "def stop(sentence, fraction):\n"
        "    if sentence.startswith('Building'): Path(sys.argv[2]).touch()\n"
        "install_trees(Programs(Path(sys.argv[1])), ['runit'], stop)\n"
    )
    engines, building = tmp_path / "engines", tmp_path / "building"
    command = [sys.executable, "-c", code, str(engines), str(building)]
    # With its helpers: a build that a helper still works in would rightly be kept until the next installation.
    with subprocess.Popen(command, cwd=Path(__file__).parents[3], start_new_session=True) as installer:
        assert wait_until(building.exists, 120)
        os.killpg(installer.pid, signal.SIGKILL)
    programs = Programs(engines, environment={})
    assert not programs.installed("runit")
    assert install_trees(programs, ["runit"], quiet) == ["runit"]
    assert verify(programs, "runit").problems == ()
    assert len(list((engines / "runit").iterdir())) == 2  # one build and the link to it
    assert sorted(path.name for path in engines.iterdir()) == [".lock", "runit"]


@contextmanager
def mirror_that(damages: bool = False, lacks: bool = False) -> Iterator[str]:
    """A mirror on this machine that passes the real one on and spoils packages."""
    real = find_mirror({})
    roots = {"/main": real.main, "/security": real.security or real.main}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            root = next(root for root in roots if self.path.startswith(root))
            if lacks and self.path.endswith(".deb"):
                return self.send_error(404)
            try:
                address = roots[root].rstrip("/") + self.path.removeprefix(root)
                with urllib.request.urlopen(address) as answer:  # noqa: S310 - apt's own http mirror
                    body = answer.read()
            except OSError:
                return self.send_error(404)
            if damages and self.path.endswith(".deb"):
                body = body[:200] + bytes([body[200] ^ 1]) + body[201:]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return None

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield f"{address}/main {address}/security"
    finally:
        server.shutdown()
        server.server_close()


def test_a_damaged_package_is_refused_and_a_retry_works(tmp_path: Path) -> None:
    with mirror_that(damages=True) as mirror, pytest.raises(TreeError, match="not the one that Debian"):
        install(tmp_path, mirror)
    assert contents(tmp_path) == []
    with mirror_that() as mirror:
        assert install(tmp_path, mirror) == ["runit"]


def test_a_package_that_the_mirror_lacks_is_said(tmp_path: Path) -> None:
    with mirror_that(lacks=True) as mirror, pytest.raises(TreeError, match="does not have a package"):
        install(tmp_path, mirror)
    assert contents(tmp_path) == []


def test_a_mirror_out_of_reach_is_said(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match="can't be reached"):
        install(tmp_path, "http://127.0.0.1:9/debian")
    assert contents(tmp_path) == []


def test_this_machines_mirror_is_found() -> None:
    mirror = find_mirror({})
    assert isinstance(mirror, Mirror)
    assert urlsplit(mirror.main).scheme
    assert mirror.security != mirror.main

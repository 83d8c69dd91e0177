"""Makes the virtual environment hold what the lock says, then becomes the command: run by bin/headwater.

Needs nothing but the standard library of Python 3.11 or newer, and runs where ensurepip is missing, as it is
on Debian without the package python3-venv.
"""
# ruff: noqa: INP001 - a program, no package

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
# The lock is complete, so nothing is resolved: a resolver would look at newer releases of what another package wants
# with an extra, and then refuse all for a package that the lock does not name.
PIP_OPTIONS = (
    "--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-input", "--disable-pip-version-check",
    "--no-warn-script-location", "--progress-bar", "off", "--quiet",
)  # fmt: skip
INSTALLED = "installed-locks"  # in the environment: the hashes of the locks that it holds, written last
DEVELOPMENT = "--dev"
DISK_FULL = "The disk is full. Free some space, then try again; what was installed before still works."
NO_NETWORK = (
    "The Python packages could not be downloaded: the package index can't be reached, or lacks them. "
    "Check network, proxy and pip's settings, then try again."
)
WRONG_HASH = (
    "A downloaded Python package is not the one in the lock, so it was not installed. "
    "Try again; if it stays so, the package index or a proxy in between changes files."
)
BROKEN_OFF = "The download of the Python packages broke off. Try again: what is incomplete is made anew."
# The first pattern that is found in pip's output decides, so causes stand before their consequences.
CAUSES = (
    (r"No space left on device|Errno 28|Disk quota exceeded", DISK_FULL),
    (r"DO NOT MATCH THE HASHES|HashMismatch", WRONG_HASH),
    (r"NewConnectionError|NameResolution|Temporary failure|ProxyError|SSLError|ConnectTimeout", NO_NETWORK),
    (r"IncompleteRead|ProtocolError|connection broken|ConnectionResetError|Read timed out", BROKEN_OFF),
    (r"from versions: none", NO_NETWORK),  # pip does not say why it found no page of the package
)


class PreparationError(Exception):
    """What went wrong and what to do, in a sentence for the person at the terminal."""


def main(arguments: list[str]) -> None:
    """Prepare the environment, then become `manage.py COMMAND …`, or `python …` of the environment."""
    development = arguments[:1] == [DEVELOPMENT]
    command = arguments[1:] if development else arguments
    try:
        python = prepare(Path(os.environ["HEADWATER_VENV"]), development=development)
    except PreparationError as error:
        sys.exit(f"headwater: {error}")
    except OSError as error:
        sys.exit(f"headwater: {DISK_FULL if error.errno == 28 else error}")
    if command[:1] == ["python"]:
        os.execv(python, [str(python), *command[1:]])  # noqa: S606
    os.execv(python, [str(python), str(CHECKOUT / "manage.py"), *command])  # noqa: S606


def prepare(environment: Path, *, development: bool) -> Path:
    """Return the environment's Python once it holds the lock; one process at a time does the work."""
    lock = CHECKOUT / ("requirements-dev.lock" if development else "requirements.lock")
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    environment.parent.mkdir(parents=True, exist_ok=True)
    guard = os.open(environment.parent, os.O_RDONLY)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        python = environment / "bin" / "python"
        if not _starts(python):
            _say("Making the virtual environment")
            venv.EnvBuilder(with_pip=False, clear=environment.exists()).create(environment)
        if digest not in _installed(environment):
            _say(f"Installing the locked Python packages ({lock.name})")
            install(python, lock)
            held = sorted(hashlib.sha256(one.read_bytes()).hexdigest() for one in CHECKOUT.glob("requirements*.lock"))
            # The development lock holds everything that the other one does.
            (environment / INSTALLED).write_text("\n".join(held if development else [digest]) + "\n")
    finally:
        os.close(guard)
    return python


def install(python: Path, lock: Path) -> None:
    """Install the lock, every file checked against its hash. Raises PreparationError."""
    with tempfile.TemporaryDirectory(prefix="headwater-pip-") as scratch:
        # pip runs out of its wheel: the environment itself needs none. Its settings are the machine's own.
        done = subprocess.run(
            [str(python), "-m", "pip", "install", *PIP_OPTIONS, "--requirement", str(lock)],
            check=False,
            env={**os.environ, "PYTHONPATH": str(find_pip(Path(scratch)))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    if done.returncode:
        raise PreparationError(explain(done.stdout))


def explain(output: str) -> str:
    """Return one sentence for what pip complained about."""
    for pattern, sentence in CAUSES:
        if re.search(pattern, output):
            return sentence
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    told = (errors or output.strip().splitlines() or ["nothing"])[0]
    return f"pip could not install the locked packages and says: {told} Mend that, then try again."


def find_pip(scratch: Path) -> Path:
    """Return a wheel of pip: Python's own, the distribution's, or one that apt fetches into ``scratch``."""
    found = importlib.util.find_spec("ensurepip")
    bundled = Path(found.origin).parent / "_bundled" if found and found.origin else scratch
    for directory in (bundled, Path("/usr/share/python-wheels")):
        if wheels := sorted(directory.glob("pip-*.whl")):
            return wheels[-1]
    return download_pip(scratch)


def download_pip(scratch: Path) -> Path:
    """Fetch Debian's package of pip's wheel with a private apt, without root. Raises PreparationError."""
    sys.path.insert(0, str(CHECKOUT))
    from host.trees.apt import PrivateApt
    from host.trees.errors import TreeError
    from host.trees.sources import find_keyring, find_mirror

    _say("Fetching pip (this Python came without it)")
    try:
        apt = PrivateApt(scratch, find_mirror(), find_keyring(), "trixie")
        apt.update()
        wanted = [package for package in apt.resolve(["python3-pip-whl"]) if package.name == "python3-pip-whl"]
        apt.download(wanted, scratch / "packages", lambda _fraction: None)
    except TreeError as error:
        raise PreparationError(f"{error} {error.remedy}") from error
    for package in (scratch / "packages").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(scratch / "tree")], check=True)
    return next((scratch / "tree" / "usr" / "share" / "python-wheels").glob("pip-*.whl"))


def _starts(python: Path) -> bool:
    try:
        return subprocess.run([str(python), "-c", ""], check=False, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def _installed(environment: Path) -> list[str]:
    try:
        return (environment / INSTALLED).read_text().split()
    except FileNotFoundError:
        return []


def _say(sentence: str) -> None:
    print(f"headwater: {sentence} …", file=sys.stderr, flush=True)  # noqa: T201 - there is no Django yet


if __name__ == "__main__":
    main(sys.argv[1:])

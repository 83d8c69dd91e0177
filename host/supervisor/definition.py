"""Writes what runsv needs to know of a service, always whole: the old definition or the new one."""

from __future__ import annotations

import errno
import json
import re
import secrets
import shutil
import signal
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..files import write_private
from . import scripts
from .scripts import RunitPrograms
from .spec import ServiceSpec

MARK = "HEADWATER_SERVICE"
SETTINGS_NAME = "definition.json"


@dataclass(frozen=True)
class Definition:
    """What ending a service's processes needs to know, kept beside the scripts."""

    stop_signal: signal.Signals
    owned_directory: Path | None


def make_service(directory: Path) -> None:
    """Make a new service's directory, wanted down; fine where it exists."""
    if directory.exists():
        return
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    (beside / "down").touch(mode=0o600)
    try:
        beside.rename(directory)
    except OSError as error:  # another caller was faster
        shutil.rmtree(beside)
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise


def write_definition(directory: Path, logs: Path, spec: ServiceSpec, programs: RunitPrograms) -> bool:
    """Write or replace a service's definition, under the service's lock; True where something changed.

    `run` names the environment directory it belongs to and is replaced in one step, so a start in between
    gets the old pair or the new one.
    """
    environment = _current_environment(directory)
    values = dict(spec.environment) | {MARK: str(directory)}
    changed = environment is None or _read_environment(environment) != values
    if environment is None or changed:
        environment = _write_environment(directory, values)
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("control", "log"):
        (directory / name).mkdir(mode=0o700, exist_ok=True)
    changed |= write_private(logs / "config", scripts.log_settings(spec))
    changed |= write_private(directory / SETTINGS_NAME, _describe(spec))
    changed |= write_private(directory / "control" / "t", scripts.terminate(spec.stop_signal), mode=0o700)
    changed |= write_private(directory / "log" / "run", scripts.log(programs, logs), mode=0o700)
    changed |= write_private(directory / "finish", scripts.finish(), mode=0o700)
    changed |= write_private(directory / "run", scripts.run(spec, programs, environment), mode=0o700)
    _sweep(directory, environment)
    return changed


def read_definition(directory: Path) -> Definition:
    """What `write_definition` noted; without it a TERM signal and no owned directory."""
    try:
        noted = json.loads((directory / SETTINGS_NAME).read_text())
    except FileNotFoundError:
        return Definition(signal.SIGTERM, None)
    owned = noted["owned_directory"]
    return Definition(signal.Signals(noted["stop_signal"]), Path(owned) if owned else None)


def _describe(spec: ServiceSpec) -> str:
    owned = str(spec.owned_directory) if spec.owned_directory else None
    noted = {"command": list(spec.command), "stop_signal": spec.stop_signal.value, "owned_directory": owned}
    return json.dumps(noted, indent=1) + "\n"


def _sweep(directory: Path, environment: Path) -> None:
    """Remove environments that `run` no longer names and files that an interrupted write left."""
    for stale in directory.glob("environment.*"):
        if stale != environment:
            shutil.rmtree(stale, ignore_errors=True)
    for leftover in directory.glob("**/.*.????????"):
        leftover.unlink(missing_ok=True)


def _current_environment(directory: Path) -> Path | None:
    try:
        found = re.search(r"/(environment\.[0-9a-f]{8})\b", (directory / "run").read_text())
    except FileNotFoundError:
        return None
    path = directory / found.group(1) if found else None
    return path if path and path.is_dir() else None


def _write_environment(directory: Path, values: Mapping[str, str]) -> Path:
    path = directory / f"environment.{secrets.token_hex(4)}"
    path.mkdir(mode=0o700)
    for variable, value in values.items():
        # chpst reads one line and turns NUL into a newline; an empty file would unset the variable.
        write_private(path / variable, value.replace("\n", "\0") + "\n")
    return path


def _read_environment(path: Path) -> dict[str, str]:
    return {file.name: file.read_text().removesuffix("\n").replace("\0", "\n") for file in path.iterdir()}

"""A private apt: resolves and downloads signed packages of any Debian suite."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import TreeError
from .failures import APT_MISSING, explain
from .sources import Mirror

Progress = Callable[[str, float | None], None]
PRINTED_URI = re.compile(r"^'[^']+' (\S+?)_(\S+)_([^_\s]+)\.deb (\d+)\b", re.MULTILINE)
DOWNLOAD_STATUS = re.compile(r"^dlstatus:\d+:([\d.]+):")

# The machine's own settings are read first, so its proxies, certificates and logins hold. What runs after an
# update, pins, and the machine's own sources and state are replaced: nothing of the machine is changed.
SETTINGS = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Architectures;
#clear APT::Default-Release;
Dir::Etc::SourceList "{top}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "{top}/state";
Dir::State::status "{top}/status";
Dir::Cache "{top}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Update::Error-Mode "any";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::Languages "none";
Acquire::Retries "2";
"""


@dataclass(frozen=True)
class Package:
    """A package that was resolved; `size` is the download in bytes."""

    name: str
    version: str
    architecture: str
    size: int


class PrivateApt:
    """apt with a state directory of its own below `top`, for one suite."""

    def __init__(self, top: Path, mirror: Mirror, keyring: Path, suite: str) -> None:
        self._settings = top / "apt.conf"
        self._environment = {
            **os.environ,
            "LC_ALL": "C",
            "DEBIAN_FRONTEND": "noninteractive",
            "TMPDIR": str(top / "tmp"),
        }
        for directory in ("state/lists/partial", "cache/archives/partial", "tmp"):
            (top / directory).mkdir(parents=True, exist_ok=True)
        (top / "status").touch()
        (top / "sources.list").touch(mode=0o600)  # a mirror's address may hold a login
        (top / "sources.list").write_text(mirror.source_list(suite, keyring))
        self._settings.write_text(SETTINGS.format(top=top))

    def update(self) -> None:
        """Fetch and verify the suite's package lists. Raises TreeError."""
        self._run(["update", "-qq"])

    def resolve(self, packages: Sequence[str]) -> list[Package]:
        """The packages and all that they depend on, as if nothing were installed. Raises TreeError."""
        return parse_resolution(self._run(["install", "-qq", "--yes", "--print-uris", *packages]))

    def download(self, packages: Iterable[Package], into: Path, progress: Callable[[float], None]) -> None:
        """Fetch the packages' files; apt checks each against the signed lists. Raises TreeError.

        `progress` is told the fraction that has arrived.
        """
        names = [f"{package.name}={package.version}" for package in packages]
        into.mkdir(parents=True, exist_ok=True)
        command = [*self._command, "download", "-qq", "-o", "APT::Status-Fd=1", *names]
        complaints = into / ".complaints"
        with complaints.open("w+") as stderr:
            with subprocess.Popen(
                command,
                cwd=into,
                env=self._environment,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
            ) as process:
                for line in process.stdout or ():
                    if found := DOWNLOAD_STATUS.match(line):
                        progress(float(found.group(1)) / 100)
            stderr.seek(0)
            if process.returncode != 0:
                raise explain("apt-get", stderr.read())
        complaints.unlink()

    @property
    def _command(self) -> list[str]:
        return ["apt-get", "-c", str(self._settings)]

    def _run(self, arguments: Sequence[str]) -> str:
        try:
            done = subprocess.run(
                [*self._command, *arguments],
                check=False,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                env=self._environment,
            )
        except FileNotFoundError as error:
            raise TreeError(APT_MISSING.sentence, APT_MISSING.remedy) from error
        if done.returncode != 0:
            raise explain("apt-get", done.stderr)
        return done.stdout


def parse_resolution(printed: str) -> list[Package]:
    """Read `apt-get install --print-uris`: an address, a file name, a size and a hash in each line."""
    return [
        Package(name, version.replace("%3a", ":"), architecture, int(size))
        for name, version, architecture, size in PRINTED_URI.findall(printed)
    ]

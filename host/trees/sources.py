"""Finds out where this machine gets Debian packages from, so that the engine trees come from there too."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .errors import TreeError
from .failures import APT_MISSING

SETTING = "HEADWATER_DEBIAN_MIRROR"
FIELDS = ("REPO_URI", "RELEASE", "ORIGIN")
KEYRINGS = tuple(Path(f"/usr/share/keyrings/debian-archive-keyring.{ending}") for ending in ("gpg", "pgp"))
WITHOUT_SECURITY = {"sid", "unstable", "experimental"}


@dataclass(frozen=True)
class Mirror:
    """Addresses of Debian's main archive and of its security archive (None where unknown)."""

    main: str
    security: str | None = None

    def source_list(self, suite: str, keyring: Path) -> str:
        """The content of a sources.list for a suite, whose signatures only Debian's own keys may give."""
        options = f"[signed-by={keyring} target=Packages]"
        lines = [f"deb {options} {self.main} {suite} main"]
        if self.security and suite not in WITHOUT_SECURITY:
            lines.append(f"deb {options} {self.security} {suite}-security main")
        return "\n".join(lines) + "\n"


def find_mirror(environment: Mapping[str, str] | None = None) -> Mirror:
    """The operator's setting (main address, then the security one if any), else what this machine's apt uses.

    Raises TreeError where neither names an archive of Debian, as on Ubuntu.
    """
    setting = (os.environ if environment is None else environment).get(SETTING, "").split()
    if setting:
        return Mirror(setting[0], setting[1] if len(setting) > 1 else None)
    mirror = choose_mirror(_index_targets())
    if mirror is None:
        raise TreeError(
            "This machine's apt knows no archive of Debian, and engine trees are made of Debian packages.",
            f"Set {SETTING} to the address of a Debian mirror, and of a security mirror after a blank.",
        )
    return mirror


def choose_mirror(lines: str) -> Mirror | None:
    """Pick Debian's archives out of apt's index targets: one line each, FIELDS parted by tabs."""
    main = security = None
    for line in lines.splitlines():
        address, _, rest = line.partition("\t")
        release, _, origin = rest.partition("\t")
        # apt leaves the field's name where it has not downloaded the release file yet, as in a new container.
        known = not origin.startswith("$(")
        path = urlsplit(address).path.rstrip("/")
        if not (origin == "Debian" if known else path.endswith(("/debian", "/debian-security"))):
            continue
        if release.endswith("-security"):
            security = security or address
        else:
            main = main or address
    return Mirror(main, security) if main else None


def find_keyring() -> Path:
    """Debian's archive keys. Raises TreeError where the machine has none (Ubuntu, as it comes)."""
    for keyring in KEYRINGS:
        if keyring.is_file():
            return keyring
    raise TreeError(
        "The keys that Debian signs its packages with are not on this machine.",
        "Install the package debian-archive-keyring, then try again.",
    )


def _index_targets() -> str:
    form = "\t".join(f"$({field})" for field in FIELDS)
    try:
        done = subprocess.run(
            ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise TreeError(APT_MISSING.sentence, APT_MISSING.remedy) from error
    return done.stdout

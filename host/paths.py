"""Where the installation keeps its state: one home directory, private to the user that runs it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

# A Unix socket's path is at most 107 bytes; the longest name put into the run directory
# (a node's socket directory and PostgreSQL's file in it) takes under 50.
LONGEST_RUN_DIRECTORY = 55


@dataclass(frozen=True)
class Home:
    """The directories below ``HEADWATER_HOME``. Nothing outside of them is ever written."""

    root: Path
    engine_trees: Path | None = None

    @property
    def engines(self) -> Path:
        """Private engine trees; may be shared by several installations of one user."""
        return self.engine_trees or self.root / "engines"

    @property
    def services(self) -> Path:
        """One directory per supervised service."""
        return self.root / "services"

    @property
    def nodes(self) -> Path:
        """One directory per engine node, with its data directory inside."""
        return self.root / "nodes"

    @property
    def pool(self) -> Path:
        """Initialised data directories that wait for an owner."""
        return self.root / "pool"

    @property
    def edge(self) -> Path:
        """HAProxy's generated configuration and access lists."""
        return self.root / "edge"

    @property
    def console(self) -> Path:
        """The console's own database, broker and collected static files."""
        return self.root / "console"

    @property
    def archive(self) -> Path:
        """Encrypted backups and logs."""
        return self.root / "archive"

    @property
    def scratch(self) -> Path:
        """Work that runs by itself, and copies that are restored only to be looked at."""
        return self.root / "scratch"

    @property
    def secrets(self) -> Path:
        """Key files, mode 0600."""
        return self.root / "secrets"

    @property
    def log(self) -> Path:
        """Rotated logs, one directory per service."""
        return self.root / "log"

    @property
    def run(self) -> Path:
        """Unix sockets and locks; moved to the temporary directory where the home's path is too long for sockets."""
        inside = self.root / "run"
        if len(str(inside)) <= LONGEST_RUN_DIRECTORY:
            return inside
        digest = hashlib.sha256(str(self.root).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"headwater-{os.getuid()}-{digest}"

    def make(self) -> None:
        """Create every directory, readable by the owner only. Safe to repeat."""
        for directory in (
            self.root,
            self.engines,
            self.services,
            self.nodes,
            self.pool,
            self.edge,
            self.console,
            self.archive,
            self.scratch,
            self.secrets,
            self.log,
            self.run,
        ):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.run.stat().st_uid != os.getuid():
            raise PermissionError(f"{self.run} belongs to another user")

"""Runs a guide of a connection's page as a person does: the delivered .env, the CA and the code in one folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from datastores.engines.contract import Access, Engine
from marketplace.guides import guides
from marketplace.names import Values, env_file, variables
from tests.fixtures import drivers


def answer_of(engine: Engine, access: Access, ca: Path, folder: Path, slug: str, jar: Path | None = None) -> str:
    """Return what the guide prints; ``jar`` is the Java driver."""
    values = Values(access.host, access.port, access.user, access.password, access.database).by_key()
    names = variables("CHOREO", "orders")
    guide = next(guide for guide in guides(engine, names) if guide.slug == slug)
    shutil.copy(ca, folder / "ca.pem")
    (folder / ".env").write_text(env_file({names[key]: value for key, value in values.items()}))
    (folder / guide.file).write_text(guide.code)
    if slug == "node":
        (folder / "node_modules").symlink_to(drivers.node_modules())
    program = {"python": f'"{sys.executable}"', "node": "node", "java": f'java -cp "{jar}"', "go": "go run"}[slug]
    environment = drivers.go_environment() if slug == "go" else {}
    exports = "".join(f"export {name}='{value}'; " for name, value in environment.items())
    command = ["sh", "-c", f"{exports}set -a; . ./.env; exec {program} {guide.file}"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=180)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout

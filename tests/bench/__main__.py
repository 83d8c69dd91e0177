"""Runs every benchmark, one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Return 1 where one of them failed."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    commands = [[sys.executable, "-m", f"tests.bench.{module}"] for module in modules]
    return max(subprocess.run(command, check=False).returncode for command in commands) and 1


if __name__ == "__main__":
    sys.exit(main())

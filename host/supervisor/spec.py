"""What a supervised service is: its program, environment, stop signal and limits."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,80}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class SupervisionError(Exception):
    """Supervision could not do what was asked: one sentence about what happened, one about what to do."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy


@dataclass(frozen=True)
class ServiceSpec:
    """One program to keep running.

    command             absolute path of the program and its arguments; no secret in them
    environment         the whole environment besides PATH; kept in files that only the owner can read
    stop_signal         the program's own signal for a clean stop (PostgreSQL: SIGINT, a fast shutdown)
    working_directory   where the program starts
    owned_directory     a directory in which nothing but this service's processes ever works (an engine's data
                        directory); killing the service kills every process found there
    pause               seconds for which a program that ended by itself waits before it is started again
    open_files          RLIMIT_NOFILE for the program, None for what the starter had
    log_bytes, log_files  size at which a log file is rotated and how many old ones are kept
    """

    name: str
    command: Sequence[str]
    working_directory: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    stop_signal: signal.Signals = signal.SIGTERM
    owned_directory: Path | None = None
    pause: float = 0.0
    open_files: int | None = None
    log_bytes: int = 2 * 1024 * 1024
    log_files: int = 8

    def __post_init__(self) -> None:
        check_name(self.name)
        if not self.command or not Path(self.command[0]).is_absolute():
            raise ValueError(f"service {self.name}: the program needs an absolute path")
        for variable, value in self.environment.items():
            # chpst drops trailing blanks and can't express NUL; refusing beats starting with another value.
            if not VARIABLE.fullmatch(variable) or "\0" in value or value != value.rstrip(" \t"):
                raise ValueError(f"service {self.name}: {variable} can't be passed to a program as it is")


def check_name(name: str) -> str:
    """Refuse a name that is no plain directory name, so that no name leads out of the services directory."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no service name")
    return name

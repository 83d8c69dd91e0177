"""The small shell scripts that runsv runs for a service."""

from __future__ import annotations

import shlex
import signal
from dataclasses import dataclass
from pathlib import Path

from .spec import ServiceSpec

ASKED = "asked"  # in a service's directory: somebody asked for this start


@dataclass(frozen=True)
class RunitPrograms:
    """Absolute paths of the three programs of runit that supervision needs."""

    runsv: Path
    svlogd: Path
    chpst: Path


def run(spec: ServiceSpec, programs: RunitPrograms, environment: Path) -> str:
    """Start the program. The shell becomes it, so what it notes about itself stays true of the program."""
    limits = ["-c", "0"]  # a core file would hold secrets
    if spec.open_files is not None:
        limits += ["-o", str(spec.open_files)]
    command = [str(programs.chpst), *limits, "-e", str(environment), *spec.command]
    return "\n".join(
        (
            "#!/bin/sh",
            "exec 2>&1",
            "read -r boot </proc/sys/kernel/random/boot_id",
            "read -r self </proc/$$/stat",
            'echo "$boot $self" >process',
            # Where the directory is gone: runsv itself would sleep a second before the next attempt, deaf to "down",
            # and a failover's fence would wait for it. This sleeper can be ended.
            f"cd {shlex.quote(str(spec.working_directory))} || exec sleep 1",
            *(
                [f"rm {shlex.quote(str(environment.parent / ASKED))} 2>/dev/null || sleep {spec.pause:g}"]
                if spec.pause
                else []
            ),
            f"exec {shlex.join(command)}",
            "",
        )
    )


def finish() -> str:
    """Note how the program ended."""
    return '#!/bin/sh\necho "$1 $2" >last-exit\n'


def terminate(stop_signal: signal.Signals) -> str:
    """Send the program's own stop signal; runsv sends TERM where this fails."""
    return f'#!/bin/sh\nread -r pid <supervise/pid && kill -{stop_signal.value} "$pid"\n'


def log(programs: RunitPrograms, directory: Path) -> str:
    """Write the program's output into rotated files."""
    return f"#!/bin/sh\nexec {shlex.join([str(programs.svlogd), str(directory)])}\n"


def log_settings(spec: ServiceSpec) -> str:
    """svlogd's `config` file: rotate at so many bytes, keep so many files."""
    return f"s{spec.log_bytes}\nn{spec.log_files}\n"

"""Jobs as the product runs them, for the benchmarks of backups."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from host.jobs import LOW_PRIORITY, Command, Job, JobState
from host.waiting import wait_until

LONGEST_SECONDS = 1200.0


def finish(job: Job, command: Command, *, background: bool = True) -> float:
    """Run a job to its end; the seconds that it took. Raises RuntimeError with its last words.

    ``background``: as backups run; what people wait for, such as a restore, does not.
    """
    began = time.perf_counter()
    job.start(command, niceness=LOW_PRIORITY if background else 0, gives_way=background)
    if not wait_until(lambda: job.state() is not JobState.RUNNING, LONGEST_SECONDS) or job.code:
        raise RuntimeError(job.last_words())
    return time.perf_counter() - began


def while_running(
    job: Job, command: Command, figure: Callable[[], float], *, rests: bool = True
) -> tuple[float, float]:
    """Take a figure again and again for as long as the job runs; its mean, and the seconds that the job took."""
    began, taken = time.perf_counter(), []
    job.start(command, niceness=LOW_PRIORITY, gives_way=rests)
    while job.state() is JobState.RUNNING:
        taken.append(figure())
    if job.code:
        raise RuntimeError(job.last_words())
    return statistics.fmean(taken), time.perf_counter() - began

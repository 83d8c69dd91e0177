"""Time slices: what works in the background gives the processor back as soon as anybody else wakes.

Niceness shares out a processor that all want all the time. A server waits for its disk and its clients many times a second,
and each time it wakes, Linux lets the present one finish its slice, however nice that is. Since Linux 6.12 those with shorter
slices need not wait for one with a longer slice (``sched_setattr(2)``, ``sched_runtime`` of an ordinary task); older ones take
no notice of it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

LONGEST: Final = 100_000_000  # nanoseconds; Linux takes no longer one
CALLS: Final = {"x86_64": (314, 315), "aarch64": (274, 275)}  # numbers of sched_setattr and sched_getattr
ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")  # size, policy, flags, nice, priority, runtime, deadline, period
ORDINARY, THIS_THREAD = 0, 0
_library = ctypes.CDLL(None)


@contextmanager
def long_slices() -> Iterator[None]:
    """Let what this thread starts meanwhile have the longest slices; the thread itself has its own again afterwards."""
    _set(LONGEST)
    try:
        yield
    finally:
        _set(0)  # what the system gives to everybody


def slice_of_this_thread() -> int:
    """Return this thread's slice in nanoseconds; 0 where Linux does not say."""
    buffer = ctypes.create_string_buffer(ATTRIBUTES.size)
    if not _call(1, THIS_THREAD, buffer, ATTRIBUTES.size, 0):
        return 0
    return int(ATTRIBUTES.unpack(buffer.raw)[5])


def _set(nanoseconds: int) -> None:
    nice = os.getpriority(os.PRIO_PROCESS, THIS_THREAD)
    if os.sched_getscheduler(THIS_THREAD) == ORDINARY:
        _call(0, THIS_THREAD, ATTRIBUTES.pack(ATTRIBUTES.size, ORDINARY, 0, nice, 0, nanoseconds, 0, 0), 0)


def _call(which: int, *arguments: object) -> bool:
    """Say whether the system took it. One that does not is no worse off."""
    numbers = CALLS.get(platform.machine())
    return numbers is not None and _library.syscall(numbers[which], *arguments) == 0

"""Where runit's programs are."""

from __future__ import annotations

from ..trees import Programs
from .scripts import RunitPrograms


def runit_programs(programs: Programs) -> RunitPrograms:
    """runit out of its engine tree, or out of HEADWATER_RUNIT_BIN. Raises TreeError where there is none."""
    return RunitPrograms(*(programs.program("runit", name) for name in ("runsv", "svlogd", "chpst")))

"""Engine trees: private, rootless prefixes with one engine each, out of Debian's signed packages."""

from .catalogue import TREES, TreeSpec
from .errors import TreeError
from .locate import Programs

__all__ = ["TREES", "Programs", "TreeError", "TreeSpec"]

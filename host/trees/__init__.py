"""Engine trees: private, rootless prefixes with one engine each, out of Debian's signed packages."""

from .apt import Progress
from .builds import Build, complete_builds, current_build, prune_trees
from .catalogue import TREES, TreeSpec
from .errors import TreeError
from .install import install_trees
from .locate import Programs
from .verify import Verification, verify

__all__ = [
    "TREES",
    "Build",
    "Programs",
    "Progress",
    "TreeError",
    "TreeSpec",
    "Verification",
    "complete_builds",
    "current_build",
    "install_trees",
    "prune_trees",
    "verify",
]

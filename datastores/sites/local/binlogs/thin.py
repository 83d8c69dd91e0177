"""The program that removes log which no backup needs: ``python -m datastores.sites.local.binlogs.thin FOLDER NUMBER``."""

from __future__ import annotations

import sys
from pathlib import Path

from datastores.sites.local.binlogs.folder import Folder

if __name__ == "__main__":
    Folder(Path(sys.argv[1]), "").remove_before(int(sys.argv[2]))

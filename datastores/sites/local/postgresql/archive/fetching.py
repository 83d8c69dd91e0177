"""How a server that replays its log gets it out of a bucket.

PostgreSQL takes a command that fails for one that found the end of the log. Where a bucket can't be reached for a moment
the replay would end there, and nobody would know. So that is tried again, and then told to the server as what stops it.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.archive.pgbackrest import command
from host.files import write_private

FETCH_FILE: Final = "fetch.sh"
# 49: nothing can be connected to, 103: no repository can be read. Above 125 PostgreSQL stops, and goes on when it is started again.
SCRIPT: Final = """\
for try in 1 2 3; do
    {fetch} "$1" "$2"; code=$?
    [ $code -eq 49 ] || [ $code -eq 103 ] || exit $code
done
exit 255
"""


def recovery_options(place: Place, vault: Vault, file: Path) -> list[str]:
    """Return pgBackRest's options for a restore out of this vault; none for a folder, which is there or is not."""
    if vault.bucket is None:
        return []
    script = place.configuration / FETCH_FILE
    write_private(script, SCRIPT.format(fetch=shlex.join(command(file, "archive-get").arguments)))
    return [f'--recovery-option=restore_command=sh {shlex.quote(str(script))} %f "%p"']

"""Makes the home and the keys of an installation, once."""

from __future__ import annotations

import os
import secrets

from console.encryption import new_key_line
from console.errors import Refusal
from host.keys import read_or_make
from host.paths import Home

DJANGO_KEY = "django.key"
FIELD_KEYS = "fields.keys"


def make_home(home: Home) -> None:
    """Make the directories and key files that are missing. Raises :class:`Refusal`."""
    try:
        home.make()
        read_or_make(home.secrets / DJANGO_KEY, lambda: secrets.token_urlsafe(64))
        if not os.environ.get("HEADWATER_ENCRYPTION_KEYS"):
            read_or_make(home.secrets / FIELD_KEYS, new_key_line)
    except PermissionError as error:
        raise Refusal(
            f"{error.filename or home.root} can't be written by this user.",
            "Correct its owner, or set HEADWATER_HOME to a directory of your own.",
        ) from error
    except OSError as error:
        raise Refusal(
            f"The home directory {home.root} can't be made: {error.strerror}.",
            "Free some space, or set HEADWATER_HOME to a directory on another disk.",
        ) from error

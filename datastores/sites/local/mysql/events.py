"""Scheduled events: they run on the primary only, and after a change of the primary on the new one.

A standby that gets the statement which makes an event keeps it switched off, whether the tenant had switched it off
or not. So the primary's standbys are told which ones the tenant has switched off.
"""

from __future__ import annotations

import json
import logging
from typing import Final

import pymysql
from pymysql.converters import escape_string

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.logins import Administration
from host.files import write_private

log = logging.getLogger(__name__)
DISABLED_FILE: Final = "events-off.json"
OFF: Final = "SELECT event_schema, event_name FROM information_schema.events WHERE status = 'DISABLED'"
ASLEEP: Final = """
    SELECT event_schema, event_name, definer, sql_mode, time_zone FROM information_schema.events
    WHERE status = 'REPLICA_SIDE_DISABLED'
"""


def disabled_events(session: Administration) -> list[list[str]]:
    """Return schema and name of each event that a primary's tenant has switched off."""
    return sorted([str(schema), str(name)] for schema, name in session.execute(OFF))


def tell(standby: Place, disabled: list[list[str]]) -> None:
    """Let a standby know them for the day on which it is promoted."""
    if standby.configuration.is_dir():
        write_private(standby.configuration / DISABLED_FILE, json.dumps(disabled))


def enable_events(place: Place, session: Administration) -> None:
    """Switch on what the tenant has not switched off. Each keeps its definer, who would be the platform otherwise."""
    off = _told(place)
    for schema, name, definer, mode, zone in session.execute(ASLEEP):
        state = "DISABLE" if [schema, name] in off else "ENABLE"
        try:
            session.execute(f"SET SESSION sql_mode = '{mode}', SESSION time_zone = '{escape_string(str(zone))}'")
            session.execute(
                f"ALTER DEFINER = {_account(str(definer))} EVENT {_name(str(schema))}.{_name(str(name))} {state}"
            )
        except pymysql.MySQLError as error:  # such as one whose time is over
            log.warning("An event of %s could not be switched on: error %s.", place.name, error.args[:1])


def _told(place: Place) -> list[list[str]]:
    try:
        told: list[list[str]] = json.loads((place.configuration / DISABLED_FILE).read_text())
    except FileNotFoundError:
        return []
    return told


def _account(definer: str) -> str:
    user, _, host = definer.rpartition("@")
    return f"'{escape_string(user)}'@'{escape_string(host)}'"


def _name(identifier: str) -> str:
    doubled = identifier.replace("`", "``")
    return f"`{doubled}`"

"""Makes room for the platform in a cache whose every place is taken: ends the youngest connection at the edge."""

from __future__ import annotations

from datastores.sites.local.edge import EdgeError, answers, commands
from datastores.sites.local.edge.runtime import AdminSocket
from datastores.sites.local.engine import Place
from datastores.sites.local.machine import machine


def make_room(place: Place) -> bool:
    """End one client's connection to the node; false where the edge has none or can't be reached.

    The youngest, because it was the one that filled the server and has lost the least.
    """
    edge = machine().edge
    admin = AdminSocket(edge.settings.admin_socket)
    try:
        leading = answers.servers(admin.ask("show servers state")[0])
        ways = {(n, name) for n, found in leading.items() for name, a in found.items() if a and a.port == place.port}
        sessions = [found for found in edge.sessions(*leading) if (found.slot, found.server) in ways]
        if not sessions:
            return False
        youngest = min(sessions, key=lambda session: session.age_seconds)
        admin.change(commands.cut(youngest.identifier))
    except EdgeError:
        return False
    return True

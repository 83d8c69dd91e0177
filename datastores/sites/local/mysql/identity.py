"""The certificate with which a node logs in to its primary.

A password would lie readable in the table of replication settings, which tenants may read. So the account has none
and asks for a certificate instead, of which the table names the file only.
"""

from __future__ import annotations

from django.conf import settings

from datastores.sites.local.certificates import ensure_client_certificate
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.names import STANDBY
from host.authority import Authority

CERTIFICATE_FILE = "standby.crt"
KEY_FILE = "standby.key"
SUBJECT = f"/CN={STANDBY}"


def ensure_identity(place: Place) -> None:
    """Have a certificate that lasts; a server reads it whenever it connects."""
    directory = place.configuration
    ensure_client_certificate(directory / CERTIFICATE_FILE, directory / KEY_FILE, STANDBY, Authority(settings.HOME))

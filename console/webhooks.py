"""Signed webhooks, as the Standard Webhooks specification describes them.

The signature is an HMAC-SHA256 over ``id.timestamp.body``. A tenant names the address, so a request goes only to
addresses of the internet (or to the networks of ``HEADWATER_WEBHOOK_NETWORKS``), to the very address that was checked,
and follows no redirect: otherwise the console would be a way into the network it stands in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import socket
import time
import uuid
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import urllib3
from django.conf import settings

from console.models import Notice, Webhook

SECONDS = 5.0
SECRET_PREFIX = "whsec_"  # noqa: S105 - it marks a secret and is none


class NotDelivered(Exception):  # noqa: N818 - a measurement, not a programming error
    """No answer came; the sentence is for people and tells nothing of the console's own network."""


def new_secret() -> str:
    """Return a secret of 256 bits in the usual form."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header ``webhook-signature``."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def payload(notice: Notice) -> bytes:
    """Return what is sent: the notice, and nothing that it does not show."""
    organization = notice.organization
    content: dict[str, Any] = {
        "type": notice.kind,
        "timestamp": notice.at.isoformat(),
        "data": {
            "subject": notice.subject,
            "sentence": notice.sentence,
            "tone": notice.tone,
            "url": f"{settings.CONSOLE_URL}{notice.path}" if notice.path else None,
            "organization": {"id": str(organization.pk), "handle": organization.handle} if organization else None,
        },
    }
    return json.dumps(content).encode()


def post(hook: Webhook, message_id: uuid.UUID, body: bytes) -> int:
    """Send one message and return the status of the answer; raises NotDelivered where none came."""
    now = int(time.time())
    headers = {
        "content-type": "application/json",
        "user-agent": "Headwater-Webhooks/1",
        "webhook-id": str(message_id),
        "webhook-timestamp": str(now),
        "webhook-signature": sign(hook.secret, str(message_id), now, body),
    }
    parts = urlsplit(hook.url)
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    try:
        with _pool(parts.scheme, parts.hostname or "", parts.port) as pool:
            host = parts.netloc.rpartition("@")[2]
            answer = pool.urlopen(
                "POST", target, body=body, headers=headers | {"host": host}, redirect=False, retries=False,
                preload_content=False,
            )  # fmt: skip
            answer.close()  # what it says is not read: the status is the answer
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NotDelivered(f"No answer ({_reason(error)}).") from None
    return int(answer.status)


def _pool(scheme: str, host: str, port: int | None) -> urllib3.HTTPConnectionPool:
    """Return a pool to the checked address; TLS verifies the name of the URL, not the address."""
    address = checked_address(host, port or (443 if scheme == "https" else 80))
    common: dict[str, Any] = {"timeout": urllib3.Timeout(total=SECONDS), "maxsize": 1}
    if scheme == "https":
        return urllib3.HTTPSConnectionPool(address, port, server_hostname=host, assert_hostname=host, **common)
    return urllib3.HTTPConnectionPool(address, port, **common)


def checked_address(host: str, port: int) -> str:
    """Resolve a name once and return an address that may be reached; raises NotDelivered."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise NotDelivered("The name of the server could not be resolved.") from None
    allowed = sorted(address for address in found if may_reach(address))
    if not allowed:
        raise NotDelivered("The server's address is not one of the internet, so nothing was sent.")
    return allowed[0]


def may_reach(address: str) -> bool:
    """Say whether a webhook may go to an address: a public one, or one that the operators allow."""
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    if any(mapped in ip_network(network) for network in settings.WEBHOOK_NETWORKS):
        return True
    return bool(mapped.is_global and not mapped.is_multicast)


def _reason(error: Exception) -> str:
    """Return the kind of an error in words; its text may tell of the console's network."""
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return f"nothing came within {SECONDS:.0f} seconds"
    if isinstance(error, urllib3.exceptions.SSLError):
        return "the certificate could not be verified"
    return "the connection could not be made"

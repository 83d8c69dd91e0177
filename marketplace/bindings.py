"""A connection's values as the files that deployments take: JSON, a Kubernetes Secret, component snippets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from marketplace.names import Values


def kubernetes_secret(*, name: str, type_: str, values: Values, uri: str) -> str:
    """Return a Secret in the Service Binding format. YAML reads a JSON string as it is, so nothing needs other quoting."""
    fields = {
        "type": type_,
        "provider": "headwater",
        "host": values.host,
        "port": str(values.port),
        "username": values.username,
        "password": values.password,
        "database": values.database,
        "uri": uri,
    }
    head = ["apiVersion: v1", "kind: Secret", "metadata:", f"  name: {resource_name(name)}"]
    body = [f"  {key}: {_text(value)}" for key, value in fields.items()]
    return "\n".join([*head, f"type: servicebinding.io/{type_}", "stringData:", *body]) + "\n"


def component_yaml(*, connection: str, reference: str) -> str:
    """Return the part of ``.choreo/component.yaml`` that names the connection."""
    return (
        "dependencies:\n"
        "    connectionReferences:\n"
        f"    - name: {_text(connection)}\n"
        f"      resourceRef: {_text(reference)}\n"
    )


def component_config(*, reference: str, connection_id: str, variables: Mapping[str, str]) -> str:
    """Return the part of ``component-config`` that goes under ``spec``, each key mapped to its variable."""
    lines = [f"          - from: {key}\n            to: {variable}\n" for key, variable in variables.items()]
    return (
        "outbound:\n"
        "    serviceReferences:\n"
        f"    - name: {_text(reference)}\n"
        f"      connectionConfig: {connection_id}\n"
        "      env:\n" + "".join(lines).replace("          -", "      -").replace("            to", "        to")
    )


def resource_name(name: str) -> str:
    """Return a name that Kubernetes takes: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-") or "connection"


def _text(value: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return "".join(f"\\u{ord(letter):04x}" if "\x7f" <= letter < "\xa0" else letter for letter in text)

"""Code that connects to a cache when pasted, with the CA as ``ca.pem`` in the working directory."""

from __future__ import annotations

import json
import shlex

from datastores.engines.cache import templates
from datastores.engines.cache.uri import CA_FILE, python_uri, service_uri
from datastores.engines.contract import Access, Snippet

JAVA_INSTALL = "java -cp 'jars/*' Connect.java, jars holding redis.clients:jedis with its dependencies"


def snippets(access: Access) -> list[Snippet]:
    """Return one snippet per client; secrets stand in them exactly as ``access`` gives them."""
    return [
        Snippet("valkey-cli", "valkey-cli", "shell", _command_line(access, "valkey-cli")),
        Snippet("redis-cli", "redis-cli", "shell", _command_line(access, "redis-cli")),
        _filled("python", "Python", "python", templates.PYTHON, access, "connect.py", "pip install redis"),
        _filled("celery", "Celery", "python", templates.CELERY, access, "tasks.py", 'pip install "celery[redis]"'),
        _filled("django", "Django", "python", templates.DJANGO, access, "settings.py", "pip install redis"),
        _filled("node", "Node.js", "javascript", templates.NODE, access, "connect.mjs", "npm install ioredis"),
        _filled("java", "Java", "java", templates.JAVA, access, "Connect.java", JAVA_INSTALL),
        _filled("go", "Go", "go", templates.GO, access, "main.go", "go get github.com/redis/go-redis/v9"),
        Snippet("env", ".env", "shell", _env(access), ".env"),
    ]


def _filled(
    slug: str,
    label: str,
    language: str,
    template: str,
    access: Access,
    file: str,
    install: str,
) -> Snippet:
    # A JSON string is also a literal of Python, JavaScript and Java; Go's holds a URI or a host: plain ASCII.
    code = template.format(
        host=json.dumps(access.host),
        port=access.port,
        user=json.dumps(access.user),
        password=json.dumps(access.password, ensure_ascii=False),
        uri=json.dumps(service_uri(access)),
        python_uri=json.dumps(python_uri(access)),
        ca=CA_FILE,
    )
    return Snippet(slug, label, language, code, file, install)


def _command_line(access: Access, program: str) -> str:
    # The password goes through the environment: other users of a machine can read a program's arguments.
    # Both programs verify the certificate, but have no option to verify the host name.
    lines = [
        f"REDISCLI_AUTH={shlex.quote(access.password)}",
        f"{program} --tls --cacert {CA_FILE}",
        f"-h {shlex.quote(access.host)} -p {access.port} --user {shlex.quote(access.user)}",
    ]
    return " \\\n".join(lines) + "\n"


def _env(access: Access) -> str:
    lines = {
        "REDIS_URL": service_uri(access),
        "REDIS_HOST": access.host,
        "REDIS_PORT": str(access.port),
        "REDIS_USERNAME": access.user,
        "REDIS_PASSWORD": access.password,
        "REDIS_CA_FILE": CA_FILE,
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in lines.items())

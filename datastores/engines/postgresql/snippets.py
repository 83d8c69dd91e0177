"""Code that connects to PostgreSQL when pasted, with the CA as ``ca.pem`` in the working directory."""

from __future__ import annotations

import json
import shlex

from datastores.engines.contract import Access, Snippet
from datastores.engines.postgresql.uri import CA_FILE, SSL_MODE, jdbc_url, service_uri

NODE = """\
import {{ readFileSync }} from "node:fs";
import pg from "pg";

const client = new pg.Client({{
  host: {host},
  port: {port},
  user: {user},
  password: {password},
  database: {database},
  ssl: {{ ca: readFileSync("{ca}", "utf8") }}, // verifies the certificate and the host name
}});
await client.connect();
const {{ rows }} = await client.query("SELECT version()");
console.log(rows[0].version);
await client.end();
"""

PYTHON = """\
import psycopg

with psycopg.connect(
    host={host},
    port={port},
    user={user},
    password={password},
    dbname={database},
    sslmode="{ssl_mode}",
    sslrootcert="{ca}",
) as connection:
    print(connection.execute("SELECT version()").fetchone()[0])
"""

JAVA = """\
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

public class Connect {{
    public static void main(String[] arguments) throws SQLException {{
        var login = new Properties();
        login.setProperty("user", {user});
        login.setProperty("password", {password});
        login.setProperty("sslmode", "{ssl_mode}");
        login.setProperty("sslrootcert", "{ca}");
        try (var connection = DriverManager.getConnection({url}, login);
                var statement = connection.createStatement();
                var result = statement.executeQuery("SELECT version()")) {{
            result.next();
            System.out.println(result.getString(1));
        }}
    }}
}}
"""

GO = """\
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5"
)

func main() {{
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, {uri})
	if err != nil {{
		log.Fatal(err)
	}}
	defer connection.Close(ctx)

	var version string
	if err := connection.QueryRow(ctx, "SELECT version()").Scan(&version); err != nil {{
		log.Fatal(err)
	}}
	fmt.Println(version)
}}
"""

DJANGO = """\
DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.postgresql",
        "HOST": {host},
        "PORT": {port},
        "USER": {user},
        "PASSWORD": {password},
        "NAME": {database},
        "OPTIONS": {{"sslmode": "{ssl_mode}", "sslrootcert": "{ca}"}},
    }}
}}
"""

PYTHON_INSTALL = 'pip install "psycopg[binary]"'
JAVA_INSTALL = "java -cp postgresql.jar Connect.java, postgresql.jar being org.postgresql:postgresql"


def snippets(access: Access) -> list[Snippet]:
    """Return one snippet per client; secrets stand in them exactly as ``access`` gives them."""
    return [
        Snippet("psql", "psql", "shell", _psql(access)),
        Snippet("python", "Python", "python", filled(PYTHON, access), "connect.py", PYTHON_INSTALL),
        Snippet("node", "Node.js", "javascript", filled(NODE, access), "connect.mjs", "npm install pg"),
        Snippet("java", "Java", "java", filled(JAVA, access), "Connect.java", JAVA_INSTALL),
        Snippet("go", "Go", "go", filled(GO, access), "main.go", "go get github.com/jackc/pgx/v5"),
        Snippet("django", "Django", "python", filled(DJANGO, access), "settings.py", PYTHON_INSTALL),
        Snippet("env", ".env", "shell", _env(access), ".env"),
    ]


def filled(template: str, access: Access) -> str:
    """Put the access into a template, each value as a literal of the template's language."""
    return template.format(
        host=_literal(access.host),
        port=access.port,
        user=_literal(access.user),
        password=_literal(access.password),
        database=_literal(access.database),
        uri=_literal(service_uri(access)),
        url=_literal(jdbc_url(access)),
        ssl_mode=SSL_MODE,
        ca=CA_FILE,
    )


def _literal(text: str) -> str:
    """Quote for Python, JavaScript, Java and Go, which all read a JSON string without \\u escapes alike."""
    return json.dumps(text, ensure_ascii=False)


def _variables(access: Access) -> dict[str, str]:
    """Return libpq's environment variables."""
    return {
        "PGHOST": access.host,
        "PGPORT": str(access.port),
        "PGUSER": access.user,
        "PGPASSWORD": access.password,
        "PGDATABASE": access.database,
        "PGSSLMODE": SSL_MODE,
        "PGSSLROOTCERT": CA_FILE,
    }


def _psql(access: Access) -> str:
    # The password goes through the environment: other users of a machine can read a program's arguments.
    assignments = [f"{name}={shlex.quote(value)}" for name, value in _variables(access).items()]
    return " \\\n".join([*assignments, "psql"]) + "\n"


def _env(access: Access) -> str:
    lines = {"DATABASE_URL": service_uri(access), **_variables(access)}
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in lines.items())

"""Code that connects to MySQL when pasted, with the CA as ``ca.pem`` in the working directory."""

from __future__ import annotations

import json
import shlex

from datastores.engines.contract import Access, Snippet
from datastores.engines.mysql.uri import CA_FILE, SSL_MODE, host_part, jdbc_url, service_uri

PYTHON = """\
import pymysql

connection = pymysql.connect(
    host={host},
    port={port},
    user={user},
    password={password},
    database={database},
    ssl={{"ca": "{ca}"}},  # verifies the certificate and the host name
)
with connection, connection.cursor() as cursor:
    cursor.execute("SELECT version()")
    print(cursor.fetchone()[0])
"""

NODE = """\
import {{ readFileSync }} from "node:fs";
import mysql from "mysql2/promise";

const connection = await mysql.createConnection({{
  host: {host},
  port: {port},
  user: {user},
  password: {password},
  database: {database},
  ssl: {{ ca: readFileSync("{ca}"), verifyIdentity: true }}, // the certificate and the host name
}});
const [rows] = await connection.query("SELECT version() AS version");
console.log(rows[0].version);
await connection.end();
"""

JAVA = """\
import java.io.FileInputStream;
import java.nio.file.Files;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.sql.DriverManager;
import java.util.Properties;

public class Connect {{
    public static void main(String[] arguments) throws Exception {{
        var trusted = KeyStore.getInstance("PKCS12"); // the driver reads no PEM file
        trusted.load(null, null);
        try (var ca = new FileInputStream("{ca}")) {{
            var x509 = CertificateFactory.getInstance("X.509");
            trusted.setCertificateEntry("ca", x509.generateCertificate(ca));
        }}
        var file = Files.createTempFile("ca", ".p12");
        try (var store = Files.newOutputStream(file)) {{
            trusted.store(store, "public".toCharArray());
        }}

        var login = new Properties();
        login.setProperty("user", {user});
        login.setProperty("password", {password});
        login.setProperty("sslMode", "{ssl_mode}");
        login.setProperty("trustCertificateKeyStoreUrl", file.toUri().toString());
        login.setProperty("trustCertificateKeyStoreType", "PKCS12");
        login.setProperty("trustCertificateKeyStorePassword", "public");
        try (var connection = DriverManager.getConnection({url}, login);
                var statement = connection.createStatement();
                var result = statement.executeQuery("SELECT version()")) {{
            result.next();
            System.out.println(result.getString(1));
        }} finally {{
            Files.delete(file);
        }}
    }}
}}
"""

GO = """\
package main

import (
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"fmt"
	"log"
	"os"

	"github.com/go-sql-driver/mysql"
)

func main() {{
	ca, err := os.ReadFile("{ca}")
	if err != nil {{
		log.Fatal(err)
	}}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)

	config := mysql.NewConfig()
	config.Net = "tcp"
	config.Addr = {address}
	config.User = {user}
	config.Passwd = {password}
	config.DBName = {database}
	config.TLS = &tls.Config{{RootCAs: roots, ServerName: {host}}}
	connector, err := mysql.NewConnector(config)
	if err != nil {{
		log.Fatal(err)
	}}
	database := sql.OpenDB(connector)
	defer database.Close()

	var version string
	if err := database.QueryRow("SELECT version()").Scan(&version); err != nil {{
		log.Fatal(err)
	}}
	fmt.Println(version)
}}
"""

DJANGO = """\
import pymysql

pymysql.install_as_MySQLdb()

DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.mysql",
        "HOST": {host},
        "PORT": {port},
        "USER": {user},
        "PASSWORD": {password},
        "NAME": {database},
        "OPTIONS": {{"ssl": {{"ca": "{ca}"}}}},  # verifies the certificate and the host name
    }}
}}
"""

PYTHON_INSTALL = "pip install pymysql"
JAVA_INSTALL = "java -cp mysql-connector-j.jar Connect.java, the jar being com.mysql:mysql-connector-j"
GO_INSTALL = "go get github.com/go-sql-driver/mysql"


def snippets(access: Access) -> list[Snippet]:
    """Return one snippet per client; secrets stand in them exactly as ``access`` gives them."""
    return [
        Snippet("mysql", "mysql", "shell", _mysql(access)),
        Snippet("python", "Python", "python", _filled(PYTHON, access), "connect.py", PYTHON_INSTALL),
        Snippet("node", "Node.js", "javascript", _filled(NODE, access), "connect.mjs", "npm install mysql2"),
        Snippet("java", "Java", "java", _filled(JAVA, access), "Connect.java", JAVA_INSTALL),
        Snippet("go", "Go", "go", _filled(GO, access), "main.go", GO_INSTALL),
        Snippet("django", "Django", "python", _filled(DJANGO, access), "settings.py", PYTHON_INSTALL),
        Snippet("env", ".env", "shell", _env(access), ".env"),
    ]


def _filled(template: str, access: Access) -> str:
    # A JSON string is also a literal of Python, JavaScript, Java and Go.
    def literal(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)

    return template.format(
        host=literal(access.host),
        port=access.port,
        address=literal(f"{host_part(access.host)}:{access.port}"),
        user=literal(access.user),
        password=literal(access.password),
        database=literal(access.database),
        url=literal(jdbc_url(access)),
        ssl_mode=SSL_MODE,
        ca=CA_FILE,
    )


def _mysql(access: Access) -> str:
    # The password goes through the environment: other users of a machine can read a program's arguments.
    options = {
        "protocol": "TCP",  # for "localhost", it would look for a local socket
        "host": access.host,
        "port": str(access.port),
        "user": access.user,
        "ssl-mode": SSL_MODE,
        "ssl-ca": CA_FILE,
    }
    arguments = [f"--{name}={shlex.quote(value)}" for name, value in options.items()]
    command = ["mysql", *arguments, shlex.quote(access.database)]
    return f"MYSQL_PWD={shlex.quote(access.password)} \\\n" + " \\\n  ".join(command) + "\n"


def _env(access: Access) -> str:
    # The mysql client itself reads MYSQL_HOST, MYSQL_TCP_PORT and MYSQL_PWD.
    lines = {
        "DATABASE_URL": service_uri(access),
        "MYSQL_HOST": access.host,
        "MYSQL_TCP_PORT": str(access.port),
        "MYSQL_USER": access.user,
        "MYSQL_PWD": access.password,
        "MYSQL_DATABASE": access.database,
        "MYSQL_SSL_MODE": SSL_MODE,
        "MYSQL_SSL_CA": CA_FILE,
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in lines.items())

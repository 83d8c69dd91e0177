"""The snippets' text. Each reads ``ca.pem`` in the working directory and verifies certificate and host name."""

from __future__ import annotations

PYTHON = """\
import redis

client = redis.Redis(
    host={host},
    port={port},
    username={user},
    password={password},
    ssl=True,
    ssl_ca_certs="{ca}",
    ssl_check_hostname=True,
)
client.set("greeting", "hello")
print(client.get("greeting").decode())
"""

CELERY = """\
from celery import Celery

app = Celery(
    "tasks",
    broker={python_uri},
    backend={python_uri},
)


@app.task
def add(x, y):
    return x + y
"""

DJANGO = """\
CACHES = {{
    "default": {{
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": {python_uri},
        "OPTIONS": {{"ssl_check_hostname": True}},
    }}
}}
"""

NODE = """\
import {{ readFileSync }} from "node:fs";
import Redis from "ioredis";

const client = new Redis({{
  host: {host},
  port: {port},
  username: {user},
  password: {password},
  tls: {{ ca: readFileSync("{ca}", "utf8") }}, // verifies the certificate and the host name
}});
await client.set("greeting", "hello");
console.log(await client.get("greeting"));
client.disconnect();
"""

JAVA = """\
import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

public class Connect {{
    public static void main(String[] arguments) throws Exception {{
        var trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (var file = new FileInputStream("{ca}")) {{
            var authority = CertificateFactory.getInstance("X.509").generateCertificate(file);
            trusted.setCertificateEntry("ca", authority);
        }}
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        var verification = new SSLParameters();
        verification.setEndpointIdentificationAlgorithm("HTTPS"); // verifies the host name

        var login = DefaultJedisClientConfig.builder()
                .user({user})
                .password({password})
                .ssl(true)
                .sslSocketFactory(tls.getSocketFactory())
                .sslParameters(verification)
                .build();
        try (var client = new Jedis(new HostAndPort({host}, {port}), login)) {{
            client.set("greeting", "hello");
            System.out.println(client.get("greeting"));
        }}
    }}
}}
"""

GO = """\
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"os"

	"github.com/redis/go-redis/v9"
)

func main() {{
	ca, err := os.ReadFile("{ca}")
	if err != nil {{
		log.Fatal(err)
	}}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(ca)

	options, err := redis.ParseURL({uri})
	if err != nil {{
		log.Fatal(err)
	}}
	options.TLSConfig = &tls.Config{{RootCAs: trusted, ServerName: {host}}}
	client := redis.NewClient(options)
	defer client.Close()

	ctx := context.Background()
	if err := client.Set(ctx, "greeting", "hello", 0).Err(); err != nil {{
		log.Fatal(err)
	}}
	fmt.Println(client.Get(ctx, "greeting").Val())
}}
"""

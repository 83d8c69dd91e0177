"""A real S3 server for tests (rclone's): TLS by the installation's authority, and a signature on every request."""

from __future__ import annotations

import socket
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from host.authority import Authority
from host.buckets import Bucket
from host.waiting import wait_until

KEY, SECRET = "archive-test-key", "archive-test-secret-7f3a"
BUCKET = "backups"


class ObjectStore:
    """One server, which can be stopped and started again at the same address."""

    def __init__(self, directory: Path) -> None:
        authority = Authority(settings.HOME)
        issued = authority.issue("localhost", ["localhost"])
        self.content, self._log = directory / "content", directory / "log"
        (self.content / BUCKET).mkdir(parents=True)
        self._certificate, self._key = directory / "certificate.pem", directory / "key.pem"
        self._certificate.write_text(issued.certificate)
        self._key.write_text(issued.key)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None
        self.bucket = Bucket(
            endpoint=f"https://localhost:{self.port}",
            name=BUCKET,
            region="us-east-1",
            key=KEY,
            secret=SECRET,
            prefix="headwater/tests",
            ca_file=authority.certificate_file,
            path_style=True,
        )

    def with_secret(self, secret: str) -> Bucket:
        """Return the same bucket with another secret, which the server refuses."""
        return replace(self.bucket, secret=secret)

    def start(self) -> None:
        """Start it and wait until it listens."""
        program = Path(sysconfig.get_path("scripts")) / "rclone"
        words = ["serve", "s3", "--config=", "--vfs-cache-mode=off", f"--addr=127.0.0.1:{self.port}"]
        tls = [f"--cert={self._certificate}", f"--key={self._key}", f"--auth-key={KEY},{SECRET}"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(program), *words, *tls, str(self.content)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        assert wait_until(self._listens, 10), self._log.read_text()

    def stop(self) -> None:
        """End it; nothing listens at its address then."""
        if self._process:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def files(self) -> list[Path]:
        """Return everything that it holds."""
        return [path for path in self.content.rglob("*") if path.is_file()]

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def object_store(tmp_path: Path) -> Iterator[ObjectStore]:
    """A running one with an empty bucket."""
    store = ObjectStore(tmp_path)
    store.start()
    yield store
    store.stop()

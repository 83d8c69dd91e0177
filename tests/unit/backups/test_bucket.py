"""A bucket's settings are right or refused with a sentence, and its secrets reach one private file only."""

from __future__ import annotations

from pathlib import Path

import pytest

from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.archive import pgbackrest
from datastores.sites.local.postgresql.archive.meanings import meaning
from datastores.sites.local.postgresql.archive.repository import folder_of, is_in_bucket
from host.buckets import BucketError, read_bucket

GIVEN = {
    "HEADWATER_ARCHIVE_ENDPOINT": "s3.example.test:9000",
    "HEADWATER_ARCHIVE_BUCKET": "our-backups",
    "HEADWATER_ARCHIVE_PREFIX": "/headwater/one/",
    "HEADWATER_ARCHIVE_REGION": "eu-central-1",
    "HEADWATER_ARCHIVE_KEY": "an-access-key",
    "HEADWATER_ARCHIVE_SECRET": "a-secret/of+the=bucket",
    "HEADWATER_ARCHIVE_PATH_STYLE": "true",
}


def test_without_an_endpoint_archives_stay_here() -> None:
    assert read_bucket({}) is None
    assert read_bucket(GIVEN | {"HEADWATER_ARCHIVE_ENDPOINT": ""}) is None


def test_settings_become_a_bucket_and_show_no_secret() -> None:
    bucket = read_bucket(GIVEN)
    assert bucket
    assert (bucket.endpoint, bucket.path("abc")) == ("https://s3.example.test:9000", "/headwater/one/abc")
    assert (
        Vault(Path("/archive/abc"), "k", bucket).url == "s3:https://s3.example.test:9000/our-backups/headwater/one/abc"
    )
    assert "a-secret" not in repr(bucket)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ENDPOINT", "http://s3.example.test", "without TLS"),
        ("ENDPOINT", "https://user:pass@s3.example.test", "must be https"),
        ("BUCKET", "", "the bucket's name"),
        ("BUCKET", "Not_A_Bucket", "no name of a bucket"),
        ("KEY", "", "access key"),
        ("SECRET", "two\nlines", "secret"),
        ("PREFIX", "a/../../b c", "PREFIX"),
        ("CA_FILE", "/nowhere/ca.pem", "CA_FILE"),
    ],
)
def test_what_can_t_be_right_is_refused(name: str, value: str, words: str) -> None:
    with pytest.raises(BucketError, match=words) as refused:
        read_bucket(GIVEN | {f"HEADWATER_ARCHIVE_{name}": value})
    assert "a-secret" not in str(refused.value)


def test_secrets_stand_in_a_private_file_and_in_no_command(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text("a certificate")
    bucket = read_bucket(GIVEN | {"HEADWATER_ARCHIVE_CA_FILE": str(ca_file)})
    place = Place("node-1", tmp_path / "node", tmp_path / "s", 1)
    vault = Vault(tmp_path / "archive" / "abc", "the-passphrase", bucket)
    file = pgbackrest.write_configuration("pgbackrest.conf", place, vault)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "repo1-s3-key-secret=a-secret/of+the=bucket\n" in file.read_text()
    assert (is_in_bucket(file), folder_of(file)) == (True, None)
    assert not vault.directory.exists()
    call = pgbackrest.command(file, "info")
    assert not any(secret in str(call) for secret in ("a-secret", "an-access-key", "the-passphrase"))


def test_a_storage_s_refusals_are_told_apart() -> None:
    assert "refuses the access key" in meaning("ERROR: [103]: HTTP request failed with 403 (Forbidden)")
    assert "bucket does not exist" in meaning("[ProtocolError] HTTP request failed with 404 (Not Found)")
    assert "certificate" in meaning("[CryptoError] unable to verify certificate presented by 'localhost:1'")
    assert "can't be reached" in meaning("[HostConnectError] unable to connect to 'localhost:1'")
    assert meaning("[DbConnectError] unable to connect to 'dbname='postgres'") == "The server did not answer."

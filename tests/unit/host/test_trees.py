"""Engine trees without the network: what apt prints, what fails, which builds stay."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from host.trees import TREES, Programs, TreeError, TreeSpec
from host.trees.apt import Package, parse_resolution
from host.trees.build import file_of, record
from host.trees.builds import (
    complete_builds,
    current_build,
    discard_broken,
    installing,
    new_build,
    prune,
    switch,
)
from host.trees.catalogue import Trial
from host.trees.failures import disk_errors, explain
from host.trees.install import install_trees
from host.trees.manifest import Manifest, PackageRecord, hash_tree, read_manifest
from host.trees.skipped import is_skipped
from host.trees.sources import Mirror, choose_mirror, find_mirror
from host.trees.verify import compare, try_program

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

POOL = "http://mirror.example/debian/pool/main"
PRINTED = f"""\
'{POOL}/g/glibc/libc6_2.41-12%2bdeb13u5_amd64.deb' libc6_2.41-12+deb13u5_amd64.deb 2850108 MD5Sum:3cf6
'{POOL}/libx/libxcrypt1_4.4.38-1_amd64.deb' libcrypt1_1%3a4.4.38-1_amd64.deb 90072 SHA256:3752
'{POOL}/p/perl/perl-base_5.40.1_all.deb' perl-base_5.40.1_all.deb 1666320
"""


def quiet(sentence: str, fraction: float | None) -> None:
    """Report to nobody."""


def test_what_apt_resolves_is_read_with_epochs() -> None:
    assert parse_resolution(PRINTED) == [
        Package("libc6", "2.41-12+deb13u5", "amd64", 2850108),
        Package("libcrypt1", "1:4.4.38-1", "amd64", 90072),
        Package("perl-base", "5.40.1", "all", 1666320),
    ]


def test_a_downloaded_file_is_found_by_its_package_and_recorded(tmp_path: Path) -> None:
    package = parse_resolution(PRINTED)[1]
    file = file_of(package, tmp_path)
    assert file.name == "libcrypt1_1%3a4.4.38-1_amd64.deb"
    file.write_bytes(b"a package")
    assert record(file) == PackageRecord("libcrypt1", "1:4.4.38-1", hashlib.sha256(b"a package").hexdigest())


def test_what_is_asked_for_by_name_is_never_left_out() -> None:
    assert is_skipped("util-linux", ["haproxy"])
    assert not is_skipped("util-linux", ["util-linux"])
    assert is_skipped("libllvm19", ["postgresql-17"])
    assert not is_skipped("libc6", ["postgresql-17"])
    assert not any(is_skipped(package, spec.packages) for spec in TREES.values() for package in spec.packages)


DEBIAN = (
    "http://mirror.example/debian-security/\tbookworm-security\tDebian\n"
    "http://mirror.example/debian/\tbookworm-updates\tDebian\n"
    "http://other.example/apt/\tnodistro\tOther\n"
)
NEW_CONTAINER = DEBIAN.replace("\tDebian", "\t$(ORIGIN)").replace("\tOther", "\t$(ORIGIN)")
RENAMED = (
    "http://cache.example/upstream-1/\ttrixie\tDebian\nhttp://cache.example/upstream-2/\ttrixie-security\tDebian\n"
)
UBUNTU = "http://mirror.example/ubuntu/\tnoble\tUbuntu\nhttp://mirror.example/ubuntu/\tnoble-security\tUbuntu\n"


@pytest.mark.parametrize("lines", [DEBIAN, NEW_CONTAINER])
def test_the_machines_own_mirrors_are_chosen(lines: str) -> None:
    assert choose_mirror(lines) == Mirror("http://mirror.example/debian/", "http://mirror.example/debian-security/")


def test_a_mirror_with_names_of_its_own_is_known_by_its_origin() -> None:
    assert choose_mirror(RENAMED) == Mirror("http://cache.example/upstream-1/", "http://cache.example/upstream-2/")


@pytest.mark.parametrize("lines", ["", UBUNTU, UBUNTU.replace("Ubuntu", "$(ORIGIN)")])
def test_ubuntu_has_no_mirror_of_debian(lines: str) -> None:
    assert choose_mirror(lines) is None


def test_the_setting_names_one_mirror_or_two() -> None:
    assert find_mirror({"HEADWATER_DEBIAN_MIRROR": "http://a.example/d"}) == Mirror("http://a.example/d")
    both = {"HEADWATER_DEBIAN_MIRROR": "http://a.example/d http://a.example/s"}
    assert find_mirror(both) == Mirror("http://a.example/d", "http://a.example/s")


def test_only_debians_keys_may_sign_and_sid_has_no_security_archive() -> None:
    mirror = Mirror("http://a.example/d", "http://a.example/s")
    trixie = mirror.source_list("trixie", Path("/keys.gpg")).splitlines()
    assert [line.split("] ")[1] for line in trixie] == [
        "http://a.example/d trixie main",
        "http://a.example/s trixie-security main",
    ]
    assert all("signed-by=/keys.gpg" in line for line in trixie)
    assert len(mirror.source_list("sid", Path("/keys.gpg")).splitlines()) == 1


@pytest.mark.parametrize(
    ("complaint", "sentence"),
    [
        ("E: Failed to fetch http://x  Hash Sum mismatch", "not the one that Debian signed"),
        ("E: Failed to fetch http://x  Temporary failure resolving 'x'", "can't be reached"),
        ("E: You don't have enough free space in /x/", "disk is full"),
        ("dpkg-deb: error: failed to write: No space left on device", "disk is full"),
        ("W: GPG error: http://x InRelease: NO_PUBKEY 123", "no valid signature"),
        ("E: Unable to locate package postgresql-17", "does not have a package"),
        ("E: The repository 'http://x' does not have a Release file.", "does not have a package"),
        ("W: some warning\nE: Something never seen before", "Something never seen before"),
        ("", "nothing"),
    ],
)
def test_every_complaint_becomes_one_sentence(complaint: str, sentence: str) -> None:
    error = explain("apt-get", complaint)
    assert sentence in error.sentence
    assert "\n" not in error.sentence
    assert error.remedy


def test_a_full_disk_has_its_sentence_and_other_errors_stay() -> None:
    with pytest.raises(TreeError, match="disk is full"), disk_errors():
        raise OSError(28, "No space left on device")
    with pytest.raises(PermissionError), disk_errors():
        raise PermissionError(13, "Permission denied")


Build = Callable[..., Path]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    def make(age: int, *, complete: bool = True) -> Path:
        now = NOW - timedelta(days=age)
        path = new_build(tmp_path, "runit", "1:2.2.0-3", now)
        (path / "usr/bin").mkdir(parents=True)
        (path / "usr/bin/runsv").write_text("program")
        (path / "usr/bin/link").symlink_to("runsv")
        if complete:
            packages = (PackageRecord("runit", "2.2.0-3", "0" * 64),)
            Manifest("runit", "trixie", now, packages, hash_tree(path)).write(path)
        return path

    return make


def test_a_manifest_reads_as_it_was_written_and_finds_every_difference(build: Build) -> None:
    path = build(0)
    manifest = read_manifest(path)
    assert manifest is not None
    assert manifest.versions() == {"runit": "2.2.0-3"}
    assert set(manifest.files) == {"usr/bin/runsv", "usr/bin/link"}
    assert compare(path, manifest) == []
    (path / "usr/bin/added").touch()
    (path / "usr/bin/runsv").write_text("other")
    (path / "usr/bin/link").unlink()
    assert compare(path, manifest) == [
        "usr/bin/link is missing.",
        "usr/bin/runsv was changed.",
        "usr/bin/added does not belong to the tree.",
    ]


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"tree": "runit"}'])
def test_a_torn_manifest_means_incomplete(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    assert read_manifest(tmp_path) is None


def test_a_version_becomes_a_plain_directory_name(tmp_path: Path) -> None:
    assert new_build(tmp_path, "runit", "1:2.2/0 3", NOW).name == "2.2-0-3.20260102T030405000"


def test_prune_keeps_the_build_in_use_and_the_one_before(build: Build, tmp_path: Path) -> None:
    newest, used, before, old = build(0), build(1), build(2), build(3)
    broken = build(4, complete=False)
    switch(tmp_path, "runit", used)
    assert set(prune(tmp_path, "runit")) == {before, old, broken}
    assert {one.path for one in complete_builds(tmp_path, "runit")} == {newest, used}
    current = current_build(tmp_path, "runit")
    assert current is not None
    assert current.path == used


def test_left_overs_never_include_what_is_in_use(build: Build, tmp_path: Path) -> None:
    used, broken = build(1), build(0, complete=False)
    switch(tmp_path, "runit", used)
    (tmp_path / "runit" / ".current.0011aabb").symlink_to(broken.name)
    assert discard_broken(tmp_path, "runit") == [broken]
    assert {path.name for path in (tmp_path / "runit").iterdir()} == {used.name, "current"}


def test_two_installers_take_turns(tmp_path: Path) -> None:
    with installing(tmp_path, quiet) as work:
        (work / "file").touch()
    assert not work.exists()
    with installing(tmp_path, quiet) as again:
        assert again != work


def test_a_program_is_found_in_the_tree_and_by_the_setting(build: Build, tmp_path: Path) -> None:
    path = build(0)
    programs = Programs(tmp_path, environment={})
    with pytest.raises(TreeError, match="runit is not installed"):
        programs.program("runit", "runsv")
    switch(tmp_path, "runit", path)
    (path / "usr/bin/runsv").chmod(0o700)
    assert programs.program("runit", "runsv") == tmp_path / "runit/current/usr/bin/runsv"
    with pytest.raises(TreeError, match="no program nonsense"):
        programs.program("runit", "nonsense")
    elsewhere = Programs(tmp_path, environment={"HEADWATER_RUNIT_BIN": "/nowhere:/bin"})
    assert elsewhere.program("runit", "sh") == Path("/bin/sh")
    with pytest.raises(TreeError, match="HEADWATER_RUNIT_BIN"):
        elsewhere.program("runit", "nonsense")


def test_a_tree_that_a_setting_replaces_is_never_built(tmp_path: Path) -> None:
    programs = Programs(tmp_path / "engines", environment={"HEADWATER_RUNIT_BIN": "/bin"})
    assert install_trees(programs, ["runit"], quiet, refresh=False) == []
    assert not (tmp_path / "engines").exists()


def test_too_little_space_is_said_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 5_000_000})
    monkeypatch.setattr("host.trees.install.shutil.disk_usage", lambda _: usage)
    with pytest.raises(TreeError, match="150 MB of free space and the disk has only 5 MB"):
        install_trees(Programs(tmp_path, environment={}), ["runit"], quiet)


@pytest.mark.parametrize(
    ("trial", "problem"),
    [
        (Trial("echo", ("ready",), "ready"), None),
        (Trial("echo", ("other",), "ready"), "echo does not work: it ended with 0 and said: other"),
        (Trial("missing", (), ""), "missing does not start"),
    ],
)
def test_a_trial_looks_at_what_a_program_says(trial: Trial, problem: str | None) -> None:
    result = try_program(Path("/bin") / trial.program, trial)
    assert result == problem if problem is None else problem in (result or "")


@pytest.mark.parametrize("spec", TREES.values(), ids=lambda spec: spec.name)
def test_every_tree_of_the_catalogue_is_tried_and_can_be_replaced(spec: TreeSpec) -> None:
    assert spec.trials
    assert spec.setting.startswith("HEADWATER_")
    assert all(not directory.startswith("/") for directory in spec.directories)

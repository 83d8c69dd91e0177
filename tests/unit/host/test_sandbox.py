"""The command line of confinement, for old and new kernels and for none."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.sandbox import Sandbox

COMMAND = ["/engine", "--serve"]


def rules(command: list[str]) -> dict[str, set[str]]:
    found = [command[index + 1] for index, word in enumerate(command) if word == "--landlock-rule"]
    return {path: set(accesses.split(",")) for _, accesses, path in (rule.split(":", 2) for rule in found)}


@pytest.mark.parametrize(("setpriv", "version"), [(None, 7), (Path("/tree/setpriv"), 0)])
def test_without_landlock_nothing_changes_and_the_page_says_so(setpriv: Path | None, version: int) -> None:
    sandbox = Sandbox(setpriv, version)
    assert sandbox.confine(COMMAND, [], []) == COMMAND
    assert sandbox.describe().active is False
    assert sandbox.describe().sentence.startswith("Not confined: ")


def test_the_command_comes_last_and_unchanged(tmp_path: Path) -> None:
    command = Sandbox(Path("/tree/setpriv"), 7).confine(COMMAND, [tmp_path], [])
    assert command[0] == "/tree/setpriv"
    assert command[-3:] == ["--", *COMMAND]
    assert "--no-new-privs" in command


def test_what_can_be_written_can_not_be_started(tmp_path: Path) -> None:
    command = Sandbox(Path("/setpriv"), 7).confine(COMMAND, [Path("/etc")], [tmp_path])
    for path, accesses in rules(command).items():
        assert not {"execute", "write-file"} <= accesses, path


def test_a_file_gets_no_access_that_only_directories_have(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    command = Sandbox(Path("/setpriv"), 7).confine(COMMAND, [], [file])
    assert rules(command)[str(file)] == {"read-file", "write-file", "truncate"}


@pytest.mark.parametrize(("version", "newer"), [(1, set()), (2, {"refer"}), (3, {"refer", "truncate"})])
def test_an_old_kernel_is_asked_only_for_what_it_knows(tmp_path: Path, version: int, newer: set[str]) -> None:
    command = Sandbox(Path("/setpriv"), version).confine(COMMAND, [], [tmp_path])
    handled = set(command[command.index("--landlock-access") + 1].removeprefix("fs:").split(","))
    assert handled & {"refer", "truncate"} == newer
    assert rules(command)[str(tmp_path)] & {"refer", "truncate"} == newer


@pytest.mark.parametrize("version", [0, 1, 12])
def test_the_words_fit_the_nodes_row(version: int) -> None:
    assert len(Sandbox(Path("/setpriv"), version).describe().sentence) <= 120
    assert len(Sandbox(None, version).describe().sentence) <= 120

"""What git says about a checkout: its project, changed files, texts at a revision."""

import subprocess
from pathlib import Path, PurePosixPath
from typing import Final

import pytest

from circleci_usage.circleci_config.config_files import (
    USUAL,
    read_checkout,
    read_text,
    with_continuations,
)
from circleci_usage.circleci_config.git_files import (
    file_state,
    files_at,
    is_revision,
)
from circleci_usage.circleci_config.this_project import ThisProject, project_of, this_project
from circleci_usage.core.errors import SettingsError

CONFIG: Final = PurePosixPath(".circleci/config.yml")
FIRST: Final = "version: 2.1\r\njobs: {}\r\n"
SHOP: Final = ThisProject("github.com", "acme", "shop")


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@acme.test", "-c", "core.autocrlf=false")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    git(root, "init", "--initial-branch", "main")
    git(root, "remote", "add", "origin", "git@github.com:acme/shop.git")
    write(root / CONFIG, FIRST)
    git(root, "add", ".")
    git(root, "commit", "--message", "First")
    return root


@pytest.mark.parametrize(
    ("address", "project"),
    [
        ("git@github.com:acme/shop.git", SHOP),
        ("https://github.com/acme/shop", SHOP),
        ("https://someone:secret@GitHub.com/acme/shop.git/", SHOP),
        ("ssh://git@github.com:22/acme/shop.git", SHOP),
        ("ssh://git@ssh.github.com:443/acme/shop.git", SHOP),
        ("git@gitlab.com:acme/web/shop.git", ThisProject("gitlab.com", "acme/web", "shop")),
        ("https://github.com/shop", None),
        ("/srv/git/acme/shop.git", None),
        ("C:/git/acme/shop", None),
        ("file:///srv/acme/shop", None),
        ("", None),
    ],
)
def test_the_address_of_a_remote_names_the_project(
    address: str, project: ThisProject | None
) -> None:
    found = project_of(address)

    assert found == project
    assert "secret" not in repr(found)


def test_a_checkout_and_its_worktrees_are_of_a_project(checkout: Path) -> None:
    other = checkout.parent / "other"
    git(checkout, "worktree", "add", str(other))

    assert this_project(checkout / ".circleci") == SHOP
    assert this_project(other) == SHOP
    assert SHOP.vcs_url == "https://github.com/acme/shop"


def test_a_folder_without_git_is_of_no_project(tmp_path: Path) -> None:
    write(tmp_path / CONFIG, FIRST)

    assert this_project(tmp_path) is None
    assert file_state(tmp_path / CONFIG) == "no repository"


def test_a_changed_file_is_told_from_a_clean_one(checkout: Path) -> None:
    file = checkout / CONFIG
    write(checkout / ".circleci" / "new*.yml", FIRST)
    write(checkout / ".circleci" / "staged.yml", FIRST)
    git(checkout, "add", ".circleci/staged.yml")
    git(checkout, "config", "status.showUntrackedFiles", "no")
    before = file_state(file)

    write(file, "version: 2.1\n")

    assert (before, file_state(file)) == ("clean", "modified")
    assert file_state(checkout / ".circleci" / "new*.yml") == "untracked"
    assert file_state(checkout / ".circleci" / "staged.yml") == "modified"


def test_the_text_of_a_file_at_a_revision(checkout: Path) -> None:
    write(checkout / CONFIG, "version: 2.1\n")
    git(checkout, "commit", "--all", "--message", "Second")

    assert files_at(checkout / ".circleci", "HEAD~1", [CONFIG]) == {CONFIG: FIRST}
    wanted = [CONFIG, PurePosixPath("none.yml")]
    assert files_at(checkout, "main", wanted) == {CONFIG: "version: 2.1\n"}


@pytest.mark.parametrize("revision", ["--output=x", "main:.circleci", "a\nb", ""])
def test_what_cannot_be_a_revision_is_not_passed_to_git(checkout: Path, revision: str) -> None:
    with pytest.raises(SettingsError, match="is not a git revision"):
        is_revision(checkout, revision)
    with pytest.raises(SettingsError, match="is not a git revision"):
        files_at(checkout, revision, [CONFIG])

    assert not (checkout / "x").exists()


def test_a_branch_that_is_missing_is_no_revision(checkout: Path) -> None:
    assert not is_revision(checkout, "gone")


def test_a_tree_is_no_revision(checkout: Path) -> None:
    assert not is_revision(checkout, "HEAD^{tree}")


def test_a_repository_starts_nothing(checkout: Path) -> None:
    trap = checkout.parent / "trap.sh"
    write(trap, f"#!/bin/sh\ntouch {checkout.parent}/sprung\n")
    trap.chmod(0o755)
    git(checkout, "config", "core.fsmonitor", str(trap))
    git(checkout, "config", "diff.external", str(trap))

    assert file_state(checkout / CONFIG) == "clean"
    assert files_at(checkout, "HEAD", [CONFIG]) == {CONFIG: FIRST}
    assert not (checkout.parent / "sprung").exists()


def test_a_setup_configuration_has_the_files_that_it_continues_with(tmp_path: Path) -> None:
    setup = (
        "version: 2.1\nsetup: true\nworkflows: {w: {jobs: [path-filtering/filter: {\n"
        "  config-path: .circleci/api.yml, mapping: 'x y ../../out.yml'}]}}\n"
        "jobs: {a: {steps: [run: 'circleci config pack src > web.yml; cat data.yaml none.yml']}}\n"
    )
    write(tmp_path / "out.yml", FIRST)
    root = tmp_path / "in" / "checkout"
    write(root / CONFIG, setup)
    write(root / ".circleci" / "api.yml", FIRST)
    write(root / ".circleci" / "web.yml", FIRST)
    write(root / ".circleci" / "continue_config.yml", FIRST)
    write(root / ".circleci" / "unused.yml", FIRST)
    write(root / "data.yaml", "rows: []\n")

    files = with_continuations(CONFIG, read_checkout(root))

    assert [file.name for file in files] == [
        "config.yml",
        "api.yml",
        "web.yml",
        "continue_config.yml",
    ]
    assert files[CONFIG] == setup


def test_another_configuration_has_one_file(tmp_path: Path) -> None:
    write(tmp_path / CONFIG, "version: 2.1\nx: .circleci/continue_config.yml\njobs: {}\n")
    write(tmp_path / ".circleci" / "continue_config.yml", FIRST)

    assert [*with_continuations(CONFIG, read_checkout(tmp_path))] == [CONFIG]
    assert PurePosixPath(USUAL) == CONFIG


def test_links_out_of_a_checkout_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "secret.yml", FIRST)
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "config.yml").symlink_to(tmp_path / "secret.yml")

    with pytest.raises(SettingsError, match=r"there is no config\.yml; give the path"):
        with_continuations(PurePosixPath("config.yml"), read_checkout(root))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_bytes(b"version: \xff\n")

    with pytest.raises(SettingsError, match=r"config\.yml is not UTF-8 text"):
        read_text(tmp_path / "config.yml")

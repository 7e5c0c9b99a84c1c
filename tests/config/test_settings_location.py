"""Where the settings file is looked for, and where a new one belongs."""

from pathlib import Path

import pytest

from circleci_usage.config.settings_location import find_settings_file, new_settings_file
from circleci_usage.core.errors import SettingsError
from inprocess import run_here


def put(folder: Path, name: str = "usage.yml", text: str = "") -> Path:
    file = folder / ".circleci" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A folder two levels below the root of a repository."""
    folder = tmp_path / "repository" / "services" / "api"
    folder.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    return folder


@pytest.mark.parametrize("name", ["usage.yml", "usage.yaml"])
def test_the_working_folder_needs_no_repository(tmp_path: Path, name: str) -> None:
    assert find_settings_file(tmp_path) is None
    file = put(tmp_path, name)
    assert find_settings_file(tmp_path) == file


def test_the_closest_file_up_to_the_root_counts(inside: Path) -> None:
    above = put(inside.parents[2])
    assert find_settings_file(inside) is None, "above the root"

    at_root = put(inside.parents[1], "usage.yaml")
    assert find_settings_file(inside) == at_root
    between = put(inside.parent)
    assert find_settings_file(inside) == between
    here = put(inside)
    assert find_settings_file(inside) == here
    assert find_settings_file(inside.parents[2]) == above


def test_the_root_of_a_worktree_has_a_file_named_git(inside: Path) -> None:
    root = inside.parents[1]
    (root / ".git").rmdir()
    (root / ".git").write_text("gitdir: elsewhere\n")
    put(root.parent)
    assert find_settings_file(inside) is None
    at_root = put(root)
    assert find_settings_file(inside) == at_root


def test_outside_of_a_repository_nothing_above_counts(tmp_path: Path) -> None:
    put(tmp_path)
    below = tmp_path / "below"
    below.mkdir()
    assert find_settings_file(below) is None


def test_a_home_under_version_control_is_not_the_repository_of_what_is_in_it(
    inside: Path,
) -> None:
    home = inside.parents[1]
    file = put(home)
    assert find_settings_file(inside, home) is None
    assert find_settings_file(home, home) == file
    assert new_settings_file(inside, home) == inside / ".circleci" / "usage.yml"


def test_two_files_in_one_folder_are_an_error(inside: Path) -> None:
    put(inside.parents[1])
    put(inside.parents[1], "usage.yaml")
    with pytest.raises(SettingsError, match=r"two settings files, .*/usage\.yml and .*delete one"):
        find_settings_file(inside)

    closer = put(inside, "usage.yaml")
    assert find_settings_file(inside) == closer, "the closest folder has one"


def test_a_file_that_cannot_be_read_is_not_ignored(tmp_path: Path) -> None:
    folder = tmp_path / ".circleci" / "usage.yml"
    folder.mkdir(parents=True)
    assert find_settings_file(tmp_path) == folder

    folder.rmdir()
    folder.symlink_to("nowhere.yml")
    assert find_settings_file(tmp_path) == folder


def test_a_new_file_belongs_to_the_root(inside: Path, tmp_path: Path) -> None:
    assert new_settings_file(inside) == inside.parents[1] / ".circleci" / "usage.yml"
    assert new_settings_file(tmp_path) == tmp_path / ".circleci" / "usage.yml"


def test_every_command_names_both_files_and_what_to_do(tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path, "usage.yaml")
    for command in (["check"], ["status"], ["report", "x.csv"], ["run", "--org-id", "gh/acme"]):
        done = run_here(*command, cwd=tmp_path, env={"CIRCLECI_API_TOKEN": "0123456789abcdef" * 2})
        assert done.code == 2, command
        assert (
            f"There are two settings files, {tmp_path}/.circleci/usage.yml and"
            f" {tmp_path}/.circleci/usage.yaml; delete one of them, or choose one with --config."
        ) in done.err
    checked = run_here("doctor", cwd=tmp_path)
    assert "There are two settings files" in checked.out


def test_a_command_in_a_subfolder_uses_the_file_of_the_repository(inside: Path) -> None:
    put(inside.parents[1], text="currency: nonsense\n")
    done = run_here("check", cwd=inside)
    assert done.code == 2
    assert f"The settings file {inside.parents[1]}/.circleci/usage.yml is invalid" in done.err

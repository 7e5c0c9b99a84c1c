"""What a run finds where another one was killed while it made or removed its folder."""

from pathlib import Path

import pytest

from circleci_usage.core.temporary_folders import WORKING, working_folder


def _folder_with(home: Path, files: str) -> Path:
    folder = home / f"{WORKING}abcd_123"
    folder.mkdir()
    for file in files.split():
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return folder


@pytest.mark.parametrize(
    "files",
    ["", ".made-by-circleci-usage", ".made-by-circleci-usage files/rows"],
    ids=["just made", "marked", "in use"],
)
def test_a_folder_is_removed_at_whatever_step_its_run_was_killed(
    files: str, tmp_path: Path
) -> None:
    left = _folder_with(tmp_path, files)
    with working_folder(tmp_path) as folder:
        assert folder.is_dir()
        assert not left.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("files", ["mine.txt", "files/mine.txt"])
def test_a_folder_of_somebody_else_stays(files: str, tmp_path: Path) -> None:
    theirs = _folder_with(tmp_path, files)
    with working_folder(tmp_path):
        pass
    assert (theirs / files).exists()

import errno
import resource
import stat
from pathlib import Path

import pytest

from circleci_usage.core.atomic_files import atomic_write, write_new_text, write_text
from circleci_usage.core.errors import SettingsError, UnfinishedError


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "file.txt"
    write_text(file, "first")
    write_text(file, "second, ünïcode")

    assert file.read_text(encoding="utf-8") == "second, ünïcode"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt])
def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    file = tmp_path / "file.txt"
    write_text(file, "old")

    with pytest.raises(interruption), atomic_write(file) as stream:
        stream.write(b"half of the n")
        raise interruption

    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk_is_reported_with_advice(tmp_path: Path) -> None:
    with (
        pytest.raises(
            UnfinishedError,
            match=r"No space left .*\. Free some space and rerun the same command",
        ),
        atomic_write(tmp_path / "file.txt"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_in_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file")

    with pytest.raises(SettingsError, match=r"cannot be written: .*\. Choose a writable folder"):
        write_text(tmp_path / "folder" / "file.txt", "text")


def test_a_new_file_is_written_with_its_folders(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "file.txt"
    write_new_text(file, "first, ünïcode")

    assert file.read_text(encoding="utf-8") == "first, ünïcode"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_what_is_at_the_path_of_a_new_file_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()

    for name in ("file", "link", "dangling", "folder"):
        with pytest.raises(SettingsError, match="already exists and is never overwritten"):
            write_new_text(tmp_path / name, "new")
    assert (tmp_path / "file").read_text() == "old"
    assert not (tmp_path / "nowhere").exists()


def test_a_new_file_that_cannot_be_completed_is_removed(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_new_text(tmp_path / "file", "half of \ud83d a pair")

    assert not [*tmp_path.iterdir()]


def test_nothing_is_left_of_a_new_file_on_a_full_disk(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(UnfinishedError, match="Free some space and rerun"):
            write_new_text(tmp_path / "file", "more than ten bytes")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert not [*tmp_path.iterdir()]


def test_a_file_in_place_of_the_folder_of_a_new_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="cannot be written"):
        write_new_text(tmp_path / "file" / "new", "new")

import errno
import stat
from pathlib import Path

import pytest

from circleci_usage.core.atomic_files import atomic_write, write_text
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

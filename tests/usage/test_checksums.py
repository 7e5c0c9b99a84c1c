import hashlib
import json
import os
from pathlib import Path

import pytest

from circleci_usage.usage.file_hashes import MEMORY_NAME, FileState, checksums, state_of

LONG_AGO = 10**9
KEPT = "f" * 64


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "part.csv"
    file.write_bytes(b"as it was")
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def remember(state: FileState, checksum: str, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / MEMORY_NAME).write_text(json.dumps({":".join(map(str, state)): checksum}))


def of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_they_are_those_of_the_bytes_in_the_order_of_the_files(file: Path, folder: Path) -> None:
    other = file.with_name("other.csv")
    other.write_bytes(b"another")

    assert checksums([other, file], folder) == [of(b"another"), of(b"as it was")]


def test_a_file_that_nothing_touched_is_not_read_again(file: Path, folder: Path) -> None:
    remember(state_of(file), KEPT, folder)

    assert checksums([file], folder) == [KEPT]


@pytest.mark.parametrize("content", [b"as it is!", b"longer than it was"])
def test_a_file_that_was_written_to_is_read_again(file: Path, folder: Path, content: bytes) -> None:
    remember(state_of(file)._replace(changed=LONG_AGO), KEPT, folder)
    file.write_bytes(content)

    assert checksums([file], folder) == [of(content)]


def test_nobody_can_hide_a_change_by_setting_the_time_back(file: Path, folder: Path) -> None:
    before = state_of(file)._replace(changed=LONG_AGO)
    remember(before, KEPT, folder)
    file.write_bytes(b"as it is!")
    os.utime(file, ns=(before.modified, before.modified))

    assert checksums([file], folder) == [of(b"as it is!")]


def test_a_file_that_was_put_in_its_place_is_read(file: Path, folder: Path) -> None:
    remember(state_of(file), KEPT, folder)
    other = file.with_name("other.csv")
    other.write_bytes(b"as it is!")
    other.replace(file)

    assert checksums([file], folder) == [of(b"as it is!")]


def test_what_has_just_changed_may_change_unseen_and_is_not_remembered(
    file: Path, folder: Path
) -> None:
    checksums([file], folder)

    assert not (folder / MEMORY_NAME).exists()


def test_what_has_settled_is_remembered(folder: Path) -> None:
    settled = Path(os.__file__)
    found = checksums([settled], folder)

    assert found == [of(settled.read_bytes())]
    assert [*json.loads((folder / MEMORY_NAME).read_bytes()).values()] == found


@pytest.mark.parametrize("harm", [b"", b"[]", b"not JSON", b'{"a": 1}', b"\xff"])
def test_a_damaged_memory_is_none(file: Path, folder: Path, harm: bytes) -> None:
    folder.mkdir()
    (folder / MEMORY_NAME).write_bytes(harm)

    assert checksums([file], folder) == [of(b"as it was")]


def test_where_nothing_can_be_written_nothing_is_remembered(folder: Path) -> None:
    folder.write_text("a file in the way")

    assert checksums([Path(os.__file__)], folder) == [of(Path(os.__file__).read_bytes())]

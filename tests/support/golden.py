"""What people are shown, kept as files: run the tests with UPDATE_GOLDEN=1 to write them anew, then read the diff."""

import os

from paths import TESTS

_FOLDER = TESTS / "golden"


def assert_golden(name: str, text: str) -> None:
    """The text is as in the golden file."""
    file = _FOLDER / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), (
        f"{name} differs; if that is meant, run with UPDATE_GOLDEN=1"
    )

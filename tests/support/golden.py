"""Expected outputs, kept as files: update them with UPDATE_GOLDEN=1, then read the diff."""

import os

from paths import TESTS

_FOLDER = TESTS / "golden"


def assert_golden(name: str, text: str) -> None:
    """Check that the text is the one in the golden file."""
    file = _FOLDER / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), (
        f"{name} differs; if that is intended, run with UPDATE_GOLDEN=1"
    )

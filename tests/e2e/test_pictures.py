"""The pictures of the README, and the list of artifacts that one of them shows."""

from pathlib import Path

import pytest

from artifact_list import artifact_list
from paths import ROOT


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").glob("*.png")), ids=lambda it: it.name)
def test_a_picture_is_small_and_shown(picture: Path) -> None:
    assert f"](docs/{picture.name})" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert picture.stat().st_size < 100_000


def test_the_list_of_artifacts_has_every_file(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    for name in ("index.html", "tables/jobs.csv", "tables/<b>.csv"):
        (tmp_path / name).write_bytes(bytes(1500))

    page = artifact_list(tmp_path)

    assert "<b>usage-report/index.html</b> ← open this one</td><td>2 kB<" in page
    assert "<b>usage-report/tables/</b> … 2 files</td><td>3 kB<" in page
    assert "not by" in page

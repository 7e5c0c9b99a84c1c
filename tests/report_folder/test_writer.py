"""The report folder: finished or not, replaced, shared with other files."""

import json
from pathlib import Path

import pytest

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.outputs import write_report
from sample_reports import acme_report, empty_report, hostile_report, odd_reports


def files_in(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_all_files_are_there_and_named(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"

    written = write_report(acme_report(), out, rows=lambda path: path.write_bytes(b"rows"))

    assert {file.relative_to(out).as_posix() for file in written} == files_in(out) - {
        ".report-files"
    }
    assert {file.split("/")[0] for file in files_in(out)} == {
        ".report-files",
        "charts",
        "email.html",
        "focus.csv",
        "explore.html",
        "index.html",
        "merged.csv.gz",
        "metrics.prom",
        "slack.json",
        "summary.json",
        "summary.md",
        "tables",
    }
    assert {
        "tables/projects.csv",
        "tables/daily.csv",
        "charts/cost-by-day.svg",
        "charts/projects/acme-ios.png",
    } <= files_in(out)
    assert (out / "merged.csv.gz").read_bytes() == b"rows"


@pytest.mark.parametrize("name", odd_reports())
def test_odd_reports_are_written_too(tmp_path: Path, name: str) -> None:
    written = write_report(odd_reports()[name], tmp_path)

    assert all(file.stat().st_size for file in written)


def test_rows_are_optional(tmp_path: Path) -> None:
    write_report(empty_report(), tmp_path)

    assert "merged.csv.gz" not in files_in(tmp_path)


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_report(acme_report(), tmp_path / name)

    one, two = tmp_path / "one", tmp_path / "two"
    assert files_in(one) == files_in(two)
    assert [
        name for name in files_in(one) if (one / name).read_bytes() != (two / name).read_bytes()
    ] == []


def test_a_later_report_removes_what_it_does_not_replace(tmp_path: Path) -> None:
    write_report(acme_report(), tmp_path, rows=lambda path: path.write_bytes(b"rows"))

    write_report(empty_report(), tmp_path)

    assert "merged.csv.gz" not in files_in(tmp_path)
    assert not list(tmp_path.glob("charts/projects/*"))
    assert json.loads((tmp_path / "summary.json").read_text())["by_project"] == []


def test_other_files_stay(tmp_path: Path) -> None:
    other = [
        tmp_path / "notes.txt",
        tmp_path / "charts" / "mine.png",
        tmp_path / "charts" / "projects" / "mine.svg",
    ]
    for file in other:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("mine")

    write_report(acme_report(), tmp_path)
    write_report(empty_report(), tmp_path)

    assert [file.read_text() for file in other] == ["mine"] * len(other)


def test_a_foreign_file_is_not_overwritten(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("mine")

    with pytest.raises(
        SettingsError, match=r"index\.html is not from an earlier report .* choose another folder"
    ):
        write_report(acme_report(), tmp_path)

    assert files_in(tmp_path) == {"index.html"}
    assert page.read_text() == "mine"


def test_the_folder_itself_is_never_replaced(tmp_path: Path) -> None:
    """It may be a mounted volume."""
    before = tmp_path.stat().st_ino

    write_report(empty_report(), tmp_path)

    assert tmp_path.stat().st_ino == before


def test_a_report_that_fails_leaves_the_earlier_one(tmp_path: Path) -> None:
    write_report(empty_report(), tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)}

    def fail(_: Path) -> None:
        raise DataError("part-3.csv.gz is damaged.")

    with pytest.raises(DataError, match="part-3"):
        write_report(acme_report(), tmp_path, rows=fail)

    assert {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)} == before


def test_the_first_report_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(_: Path) -> None:
        raise DataError("part-3.csv.gz is damaged.")

    with pytest.raises(DataError):
        write_report(acme_report(), tmp_path / "out", rows=fail)

    assert files_in(tmp_path) == set()


@pytest.mark.parametrize("name", [".unfinished", ".unfinished-notes", ".unfinished_reports"])
def test_a_folder_named_like_an_unfinished_report_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "index.html").write_text("mine")

    write_report(empty_report(), tmp_path)

    assert (tmp_path / name / "index.html").read_text() == "mine"


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")

    with pytest.raises(SettingsError, match=r"out cannot be written: .* Choose a writable folder"):
        write_report(empty_report(), tmp_path / "out")


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "index.html").mkdir()

    with pytest.raises(SettingsError, match=r"index\.html"):
        write_report(empty_report(), tmp_path)


@pytest.mark.parametrize(
    "listed", ["../outside.txt", "/etc/hostname", "link/outside.txt", "charts/../../outside.txt"]
)
def test_a_forged_list_of_files_does_not_lead_out_of_the_folder(
    tmp_path: Path, listed: str
) -> None:
    outside, out = tmp_path / "outside.txt", tmp_path / "out"
    outside.write_text("mine")
    out.mkdir()
    (out / "link").symlink_to(tmp_path)
    (out / ".report-files").write_text(listed)

    write_report(empty_report(), out)

    assert outside.read_text() == "mine"


def test_hostile_names_make_harmless_file_names(tmp_path: Path) -> None:
    out = tmp_path / "out"

    write_report(hostile_report(), out)

    names = [file.name for file in (out / "charts" / "projects").iterdir()]
    assert (
        len(names)
        == len({name.casefold() for name in names})
        == 2 * len(hostile_report().breakdowns["projects"].lines)
    )
    assert all(
        set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.") and len(name) < 100
        for name in names
    )
    assert {file.name for file in tmp_path.iterdir()} == {"out"}

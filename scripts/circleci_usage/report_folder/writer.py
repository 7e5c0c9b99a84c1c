"""The report folder: every renderer's file, put in place so that the folder looks finished only when it is.

The files are made in a hidden folder inside the output folder, not beside it: the output may be a mounted volume, which
can neither be renamed nor written around. Then they move into place one by one, last the two that make the folder a
report: summary.json and index.html. A list of the report's own files is kept, so that the next report can remove what
it does not replace, and refuses to overwrite what somebody else put there.
"""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from circleci_usage.core.atomic_files import (
    read_own,
    translate_os_errors,
    working_folder,
    write_text,
)
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.untrusted_text import inert
from circleci_usage.cost_files.focus import AUTO, FOCUS_VERSIONS, write_focus
from circleci_usage.cost_files.profiles import write_profile
from circleci_usage.render.charts.per_project import Days, draw_project_charts
from circleci_usage.render.charts.report_charts import draw_charts, project_charts
from circleci_usage.render.formatting import days
from circleci_usage.render.page.page import index_html
from circleci_usage.render.text.markdown import summary_md
from circleci_usage.render.text.slack import slack_json
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import write_tables
from circleci_usage.usage.input_files import MERGED_NAME, SUMMARY_NAME

PAGE_NAME: Final = "index.html"

FileWriter = Callable[[Path], object]
"""Writes one file, given its path."""

_TEXTS: Final[Mapping[str, Callable[[ReportView], str]]] = {
    PAGE_NAME: index_html,
    "summary.md": summary_md,
    "slack.json": slack_json,
}
_UNFINISHED: Final = ".unfinished"
_OWN_FILES: Final = ".report-files"
_LIST_LIMIT: Final = 16 << 20
_LONGEST: Final = 255
"""Bytes that a name may have; the paths of a report's files are shorter, too."""
_MAKE_IT_A_REPORT: Final = (SUMMARY_NAME, PAGE_NAME)


def write_report(
    report: Report,
    folder: Path,
    *,
    rows: FileWriter | None = None,
    focus_version: str = FOCUS_VERSIONS[0],
    focus_grain: str = AUTO,
    focus_gzip: bool = False,
    export_for: Sequence[str] = (),
) -> tuple[Path, ...]:
    """Write every file of a report; an earlier report in the folder is replaced, other files there stay.

    Args:
        report: what to write.
        folder: made if it is not there.
        rows: writes merged.csv.gz, which is not drawn from the report; None leaves it out.
        focus_version: of focus.csv: one of `FOCUS_VERSIONS`.
        focus_grain: what its lines are of: one of `GRAINS`.
        focus_gzip: whether it is packed, as focus.csv.gz.
        export_for: the tools to write files for, below `exports/`: of `PROFILES`.

    Returns:
        The files, in the order of their names.

    Raises:
        SettingsError: the folder cannot be written to, or a file there that is not an earlier report's is in the way.
        UnfinishedError: the disk is full.
    """
    with translate_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with working_folder(folder, _UNFINISHED) as unfinished:
        with translate_os_errors(folder):
            _write_files(report, unfinished)
            focus = unfinished / ("focus.csv.gz" if focus_gzip else "focus.csv")
            write_focus(report, focus, focus_version, grain=focus_grain)
            _write_exports(report, unfinished / "exports", export_for)
        if rows:
            rows(unfinished / MERGED_NAME)
        with translate_os_errors(folder):
            return _put_in_place(unfinished, folder)


def _write_exports(report: Report, folder: Path, export_for: Sequence[str]) -> None:
    for name in export_for:
        folder.mkdir(exist_ok=True)
        write_profile(report, name, folder)


def _write_files(report: Report, folder: Path) -> None:
    pictures = folder / "charts" / "projects"
    pictures.mkdir(parents=True)
    view = ReportView(report)
    common = Days([*report.period], days(report.period), report.currency)
    draw_charts(view, pictures.parent)
    draw_project_charts(project_charts(view), common, pictures)
    for name, text in _TEXTS.items():
        (folder / name).write_text(text(view), encoding="utf-8")
    (folder / SUMMARY_NAME).write_text(summary_json(report), encoding="utf-8")
    (folder / "tables").mkdir()
    write_tables(report, folder / "tables")


def _put_in_place(unfinished: Path, folder: Path) -> tuple[Path, ...]:
    names = sorted(
        file.relative_to(unfinished).as_posix() for file in unfinished.rglob("*") if file.is_file()
    )
    earlier = _own_files(folder)
    _refuse_foreign(folder, names, earlier)
    for name in _MAKE_IT_A_REPORT:
        (folder / name).unlink(missing_ok=True)
    write_text(folder / _OWN_FILES, "\n".join(sorted({*names, *earlier})))
    for name in sorted(names, key=_MAKE_IT_A_REPORT.__contains__):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (unfinished / name).replace(target)
    _remove_own(folder, earlier.difference(names))
    write_text(folder / _OWN_FILES, "\n".join(names))
    return tuple(folder / name for name in names)


def _refuse_foreign(folder: Path, names: Iterable[str], earlier: Collection[str]) -> None:
    for name in names:
        if name not in earlier and (folder / name).exists():
            raise SettingsError(
                f"{inert(folder / name)} is not from an earlier report and would be overwritten; move it away, or"
                " choose another folder with --output."
            )
        if not _is_inside(folder / name, folder):
            raise SettingsError(
                f"{inert((folder / name).parent)} leads to another place; remove that link, or choose another folder"
                " with --output."
            )


def _is_inside(file: Path, folder: Path) -> bool:
    """Whether no link among the folders of a file leads out."""
    # Not Path.resolve, which ends with an error where links go around in a circle.
    return Path(os.path.realpath(file.parent)).is_relative_to(os.path.realpath(folder))


def _own_files(folder: Path) -> set[str]:
    """What an earlier report says it wrote, without anything that would lead out of the folder."""
    try:
        names = read_own(folder / _OWN_FILES, _LIST_LIMIT).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise SettingsError(
            f"{inert(folder / _OWN_FILES)} cannot be read: {error.strerror or error}. It should be the list of an"
            " earlier report's files; delete it, or choose another folder with --output."
        ) from None
    paths = (
        PurePosixPath(name) for name in names if name and len(name) <= _LONGEST and "\0" not in name
    )
    return {str(path) for path in paths if not path.is_absolute() and _is_possible(path)}


def _is_possible(path: PurePosixPath) -> bool:
    """Whether a file of a report may be called so: it does not lead up, and no file system refuses its length."""
    return all(part != ".." and len(part.encode()) <= _LONGEST for part in path.parts)


def _remove_own(folder: Path, names: Iterable[str]) -> None:
    """Remove an earlier report's files and the folders that this empties, each looked at once, the deepest first."""
    files = [file for file in map(folder.joinpath, names) if _is_inside(file, folder)]
    for file in files:
        if not file.is_dir():
            file.unlink(missing_ok=True)
    parents = {parent for file in files for parent in file.relative_to(folder).parents[:-1]}
    for parent in sorted(parents, key=lambda parent: -len(parent.parts)):
        if (folder / parent).is_dir() and not any((folder / parent).iterdir()):
            (folder / parent).rmdir()

"""The files of a report: one row an output. To add an output, add its row.

This module stands above the renderers, so that the report folder itself knows none of them.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.progress import NullProgress, Progress
from circleci_usage.cost_files.focus import write_focus
from circleci_usage.cost_files.profiles import write_profile
from circleci_usage.push.prometheus.report_file import write_report_metrics
from circleci_usage.render.charts.drawing_process import Drawing, draw_here
from circleci_usage.render.charts.report_charts import report_charts
from circleci_usage.render.email.mail import email_html
from circleci_usage.render.explorer.page import explore_html
from circleci_usage.render.page.page import index_html
from circleci_usage.render.text.markdown import summary_md
from circleci_usage.render.text.slack import slack_json
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.team_view import team_views
from circleci_usage.report import UNNAMED, Presentation, Report
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import write_tables
from circleci_usage.report_folder.team_summary import team_summary_json
from circleci_usage.report_folder.writer import FileWriter, replace_report
from circleci_usage.schema.report_files import (
    AUTO,
    CHARTS_FOLDER,
    COST_FILES_FOLDER,
    EMAIL_NAME,
    EXPLORER_NAME,
    FOCUS_GZIP_NAME,
    FOCUS_NAME,
    FOCUS_VERSIONS,
    MERGED_NAME,
    METRICS_NAME,
    PAGE_NAME,
    SLACK_NAME,
    SUMMARY_NAME,
    SUMMARY_TEXT_NAME,
    TABLES_FOLDER,
    TEAMS_FOLDER,
)

_SILENT: Final = NullProgress()
_HALF_REPLACED: Final = (
    "The report in {folder} is only partly replaced; rerun the same command to write the whole"
    " report."
)
_WHOLE: Final = "The report in {folder} is complete."

Output = Callable[[ReportView, Path], object]
"""Writes a file of the report, or the files of a folder, given its path."""


def write_report(
    report: Report,
    folder: Path,
    *,
    presentation: Presentation = UNNAMED,
    rows: FileWriter | None = None,
    focus_version: str = FOCUS_VERSIONS[0],
    focus_grain: str = AUTO,
    focus_gzip: bool = False,
    export_for: Sequence[str] = (),
    drawing: Drawing = draw_here,
    progress: Progress = _SILENT,
) -> tuple[Path, ...]:
    """Write every file of a report.

    An earlier report in the folder is replaced; other files there stay.

    Args:
        report: what to write.
        folder: made if it is not there.
        presentation: what it is shown with.
        rows: writes merged.csv.gz, which is not made from the report; None leaves it out.
        focus_version: of focus.csv: one of `FOCUS_VERSIONS`.
        focus_grain: what one of its lines covers: one of `GRAINS`.
        focus_gzip: whether it is compressed, as focus.csv.gz.
        export_for: the tools to write files for, below `exports/`: of `PROFILES`.
        drawing: draws the charts.
        progress: shows which file is being written.

    Returns:
        The files, in the order of their names.

    Raises:
        SettingsError: the folder cannot be written to, or a file there that is not an earlier
            report's is in the way.
        UnfinishedError: the disk is full.
    """
    focus_name = FOCUS_GZIP_NAME if focus_gzip else FOCUS_NAME
    view = ReportView(report, presentation, focus_name)
    outputs: dict[str, Output] = {
        **_OUTPUTS,
        focus_name: _of_report(partial(write_focus, version=focus_version, grain=focus_grain)),
        COST_FILES_FOLDER: _of_report(partial(_write_cost_files, export_for=export_for)),
    }

    def write(unfinished: Path) -> None:
        with translate_os_errors(folder), ExitStack() as drawn:
            with progress.task(f"Writing {CHARTS_FOLDER}"):
                drawn.enter_context(drawing(report_charts(view), unfinished))
            for name, output in outputs.items():
                with progress.task(f"Writing {name}"):
                    output(view, unfinished / name)
        if rows:
            rows(unfinished / MERGED_NAME)
        progress.if_interrupted(_HALF_REPLACED.format(folder=folder))

    files = replace_report(folder, write)
    progress.if_interrupted(_WHOLE.format(folder=folder))
    return files


def _text(render: Callable[[ReportView], str]) -> Output:
    """The output of a renderer that makes a text."""

    def output(view: ReportView, path: Path) -> None:
        path.write_text(render(view), encoding="utf-8")

    return output


def _folder(write: Output) -> Output:
    """The output of what writes into an existing folder."""

    def output(view: ReportView, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        write(view, path)

    return output


def _of_report(write: Callable[[Report, Path], object]) -> Output:
    """The output of what is written from the report itself, not from what people are shown."""

    def output(view: ReportView, path: Path) -> None:
        write(view.report, path)

    return output


def _write_cost_files(report: Report, folder: Path, export_for: Sequence[str]) -> None:
    for tool in export_for:
        folder.mkdir(exist_ok=True)
        write_profile(report, tool, folder)


def _write_summary(view: ReportView, path: Path) -> None:
    text = summary_json(view.report, presentation=view.presentation)
    path.write_text(text, encoding="utf-8")


def _write_team_reports(view: ReportView, folder: Path) -> None:
    """The same files on the part of each team, without what the whole has in full."""
    for mine in team_views(view):
        place = folder / mine.mine.folder
        place.mkdir()
        for name, output in _TEAM_OUTPUTS.items():
            output(mine, place / name)
        text = team_summary_json(mine.mine, presentation=mine.presentation)
        (place / SUMMARY_NAME).write_text(text, encoding="utf-8")


def _explorer(view: ReportView) -> str:
    return explore_html(view, b64encode(view.report.explored).decode())


_TEAM_OUTPUTS: Final[Mapping[str, Output]] = {
    PAGE_NAME: _text(index_html),
    SUMMARY_TEXT_NAME: _text(summary_md),
    SLACK_NAME: _text(slack_json),
    EMAIL_NAME: _text(email_html),
}
"""What each team has besides its summary.json."""

_OUTPUTS: Final[Mapping[str, Output]] = {
    SUMMARY_NAME: _write_summary,
    PAGE_NAME: _text(index_html),
    EXPLORER_NAME: _text(_explorer),
    SUMMARY_TEXT_NAME: _text(summary_md),
    SLACK_NAME: _text(slack_json),
    EMAIL_NAME: _text(email_html),
    TEAMS_FOLDER: _folder(_write_team_reports),
    TABLES_FOLDER: _folder(_of_report(write_tables)),
    METRICS_NAME: _of_report(write_report_metrics),
}
"""What every report has: the name of a file or folder → what writes it. A later one may read the
files of earlier ones."""

"""What a whole run says is under way, and what an interruption would leave in each phase."""

from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from circleci_usage.cli.applied_settings import AppliedSettings
from circleci_usage.cli.flag_groups import ReportFlags
from circleci_usage.cli.settings import report_settings
from circleci_usage.config.api_token import ApiToken
from circleci_usage.config.chosen_period import ChosenPeriod
from circleci_usage.config.settings_model import SettingsFile
from circleci_usage.demo.standin.rules import Fate
from circleci_usage.export.run_context import ExportOptions
from circleci_usage.export_and_report import ExportSettings, run
from exporting import OCTOBER, TOKEN, Bench, RecordedProgress, bench

STAGES = (
    "Exporting 2026-10-01 to 2026-10-31: 1 window to request, 0 in progress.",
    "Downloading 2026-10, file 1",
    "Reading 2 usage files (0.0 MB)",
    "Analyzing the usage",
    "Writing charts",
    "Writing index.html",
    "Writing tables",
    "Writing focus.csv",
    "Copying 2 usage files",
)


def exported_and_reported(world: Bench, folder: Path) -> RecordedProgress:
    progress = RecordedProgress()
    exporting = ExportSettings(
        url=world.circleci.url,
        token=ApiToken(SecretStr(TOKEN), "CIRCLECI_API_TOKEN"),
        organizations=world.organizations,
        store=world.folder,
        options=ExportOptions(max_wait=timedelta(hours=1)),
    )
    chosen = ChosenPeriod(OCTOBER, None, is_explicit=True, fallback=OCTOBER)
    settings = AppliedSettings(SettingsFile())
    reporting = report_settings({}, ReportFlags(output=folder), settings, chosen)
    run(exporting, reporting, OCTOBER, clock=world.clock, progress=progress)
    return progress


def test_a_run_says_in_each_phase_what_it_does_and_what_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    with bench(tmp_path) as world:
        world.circleci.fates = [Fate(("processing", "completed"))]
        first = exported_and_reported(world, folder)
        again = exported_and_reported(world, folder)

    said = [line for line in dict.fromkeys(first.lines) if line in STAGES]
    assert said == list(STAGES)
    kept, resume = "Requests and downloads are kept", "rerun the same command to resume."
    rewrite = "rerun the same command to write the whole report."
    written = [
        f"The report in {folder} is only partly replaced; {rewrite}",
        f"The report in {folder} is complete.",
    ]
    assert first.kept == [
        f"{kept}; {resume}",
        f"{kept}: CircleCI goes on preparing 2026-10; {resume}",
        f"{kept}: the download of 2026-10 is unfinished; {resume}",
        f"{kept}; {resume}",
        f"No report was written to {folder}, and the export files are unchanged; {rewrite}",
        *written,
    ]
    assert again.kept == [
        f"{kept}; {resume}",
        f"The earlier report in {folder} and the export files are unchanged; {rewrite}",
        *written,
    ]

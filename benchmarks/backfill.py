"""`python -m benchmarks.backfill URL FOLDER`: what `run` does with 13 months, by the pinned clock.

The clock jumps ahead instead of waiting for CircleCI's hourly quota.
"""

import sys
from datetime import timedelta
from pathlib import Path

from circleci_usage.cli.process_tuning import tune_process

tune_process()

# All imports below are after memory is limited.
import polars as pl  # noqa: E402
from pydantic import SecretStr  # noqa: E402

from benchmarks.days import MONTHS, NOW  # noqa: E402
from benchmarks.sample_columns import ids  # noqa: E402
from circleci_usage.config.api_token import ApiToken  # noqa: E402
from circleci_usage.config.settings_model import SettingsFile  # noqa: E402
from circleci_usage.core.progress import NullProgress  # noqa: E402
from circleci_usage.demo.clock import PinnedClock  # noqa: E402
from circleci_usage.export.run_context import ExportOptions  # noqa: E402
from circleci_usage.export_and_report import ExportSettings, run  # noqa: E402
from circleci_usage.report_settings import settings_of_file  # noqa: E402


def main() -> None:
    """Export 13 months into a store, and report on them."""
    url, folder = sys.argv[1], Path(sys.argv[2])
    exporting = ExportSettings(
        url=url,
        token=ApiToken(SecretStr("token"), "the benchmark"),
        organizations=tuple(ids(pl.Series(range(3)), "organization")),
        store=folder / "store",
        options=ExportOptions(max_wait=timedelta(days=1)),
    )
    reporting = settings_of_file(
        SettingsFile(), folder=folder / "report", period=MONTHS, otherwise=MONTHS
    )
    run(exporting, reporting, MONTHS, clock=PinnedClock(NOW), progress=NullProgress())


if __name__ == "__main__":
    main()

"""One export in its own process, to be killed.

Usage: `python export_runner.py URL STORE FIRST LAST ORGANIZATION...`
"""

import sys
from datetime import date, timedelta
from pathlib import Path

from pydantic import SecretStr

from circleci_usage.core.periods import Period
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.export.api_client import CircleCI
from circleci_usage.export.engine import export_usage
from circleci_usage.export.run_context import ExportOptions
from circleci_usage.export.store import Store
from exporting import NOW, TOKEN

if __name__ == "__main__":
    url, folder, first, last, *organizations = sys.argv[1:]
    clock = PinnedClock(NOW)
    export_usage(
        CircleCI(url, SecretStr(TOKEN), clock=clock),
        Store(Path(folder)),
        organizations,
        Period.of_days(date.fromisoformat(first), date.fromisoformat(last)),
        options=ExportOptions(max_wait=timedelta(hours=12)),
        clock=clock,
        progress=NullProgress(),
    )

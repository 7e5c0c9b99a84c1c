"""One export in a process of its own, to be killed: `python export_runner.py URL STORE FIRST LAST ORGANIZATION...`."""

import sys
from datetime import date, timedelta
from pathlib import Path

from pydantic import SecretStr

from circleci_usage.circleci.client import CircleCI
from circleci_usage.circleci.exports import ExportOptions, export_usage
from circleci_usage.circleci.store import Store
from circleci_usage.days import Period
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.progress import Silence
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
        progress=Silence(),
    )

"""Reading usage only: `python -m benchmarks.reading PARTS`."""

import sys
from pathlib import Path

from circleci_usage.cli.process_tuning import tune_process

tune_process()

from circleci_usage.usage.daily_usage import read_daily_usage  # noqa: E402 - after memory is limited
from circleci_usage.usage.input_files import find_parts  # noqa: E402

read_daily_usage(find_parts([Path(sys.argv[1])]).parts)

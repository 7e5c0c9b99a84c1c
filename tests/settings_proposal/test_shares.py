"""The shares in a proposal, computed a second time from the rows with csv and Decimal."""

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from circleci_usage.core.periods import Period, month_start
from circleci_usage.demo.clock import DEMO_NOW
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.exportfile import Dialect, write_part
from circleci_usage.settings_proposal.proposal import propose
from circleci_usage.settings_proposal.seen_usage import seen_usage
from circleci_usage.settings_proposal.settings_text import settings_text
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts

MONTH = Period(month_start(DEMO_NOW.date().replace(month=9)), month_start(DEMO_NOW.date()))
LINE = re.compile(r"name: (\w+), projects: \[\"(\w+-)\*\"\]\} +# (\S+)%, ([\d,]+) credits, (\d+) p")


def rows(file: Path) -> Iterator[dict[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def test_every_share_and_the_month_is_what_the_rows_sum_to(tmp_path: Path) -> None:
    company = Company(scale=0.05)
    file = tmp_path / "part.csv.gz"
    write_part(file, (row for day in MONTH for row in company.rows(day)), Dialect(quoted=True))
    credits: Counter[str] = Counter()
    october = Decimal(0)
    for row in rows(file):
        used = Decimal(row["TOTAL_CREDITS"])
        credits[row["PROJECT_NAME"]] += used  # type: ignore[assignment]
        october += used if row["JOB_RUN_DATE"].startswith("2026-10") else 0

    usage = read_daily_usage(find_parts([file]).parts)
    text = settings_text(propose(seen_usage(usage), DEMO_NOW.date()))

    whole = Decimal(sum(credits.values()))
    found = LINE.findall(text)
    assert len(found) == 9
    for _, beginning, share, shown, count in found:
        of_team = [used for name, used in credits.items() if name.startswith(beginning)]
        percent = (100 * sum(of_team) / whole).quantize(Decimal("0.1"), ROUND_HALF_EVEN)
        assert (share, shown, count) == (str(percent), f"{sum(of_team):,}", str(len(of_team)))
    cost = (october * Decimal("0.0006")).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    assert f"October 2026, the last full month, cost ${cost:,} at" in text.replace("\n# ", " ")

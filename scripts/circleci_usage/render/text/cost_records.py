"""An answer for programs: exact amounts as CSV or JSON, a record per group."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from circleci_usage.core.decimals import plain
from circleci_usage.core.plurals import counted
from circleci_usage.explore.amounts import Amounts
from circleci_usage.explore.answer import Answer, Row
from circleci_usage.explore.words import Granularity, Metric
from circleci_usage.report_folder.csv_files import csv_header, csv_line

BUCKET_KEYS: Final = {Granularity.DAY: "date", Granularity.WEEK: "week", Granularity.MONTH: "month"}

_ALWAYS: Final = (Metric.CREDITS, Metric.COST, Metric.JOB_RUNS)
_UNPRICED: Final = "unpriced_credits"

_Value = str | int | Decimal | None


def costs_csv(answer: Answer) -> str:
    """A header and a line per group; what is not known is empty, and no name acts as a formula."""
    names = (*_bucket_keys(answer), *answer.question.by)
    header = csv_header((*names, *_amounts(answer, answer.totals)))
    return header + "".join(csv_line(_cells(answer, row)) for row in answer.rows)


def costs_json(answer: Answer) -> str:
    """A list of objects; amounts are texts with all digits, what is not known is null."""
    return json.dumps([_record(answer, row) for row in answer.rows], indent=2)


def _cells(answer: Answer, row: Row) -> tuple[_Value, ...]:
    names = row.names or [f"({counted(row.others, 'other')})"] * len(answer.question.by)
    buckets = [row.bucket] if row.bucket else []
    return (*buckets, *names, *_amounts(answer, row.amounts).values())


def _record(answer: Answer, row: Row) -> Mapping[str, object]:
    """The rest has null for names, and the number of its groups."""
    by = answer.question.by
    names = row.names or [None] * len(by)
    others = {"others": row.others} if row.others else {}
    amounts = _amounts(answer, row.amounts)
    return {
        **dict.fromkeys(_bucket_keys(answer), row.bucket),
        **dict(zip(by, names, strict=True)),
        **{key: plain(n) if isinstance(n, Decimal) else n for key, n in amounts.items()},
        **others,
    }


def _bucket_keys(answer: Answer) -> list[str]:
    granularity = answer.question.granularity
    return [BUCKET_KEYS[granularity]] if granularity else []


def _amounts(answer: Answer, amounts: Amounts) -> Mapping[str, _Value]:
    """Those that are always there, the metric, and credits without a price if there are any."""
    metrics = dict.fromkeys((*_ALWAYS, answer.question.metric))
    found: dict[str, _Value] = {str(metric): amounts.of(metric) for metric in metrics}
    found[Metric.JOB_RUNS] = amounts.job_runs
    if answer.totals.unpriced_credits:
        found[_UNPRICED] = amounts.unpriced_credits
    return found

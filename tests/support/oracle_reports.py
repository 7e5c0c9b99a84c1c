"""Reports on generated job runs under a contract, compared with the oracle number by number."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import oracle
from circleci_usage.analysis.breakdowns import BREAKDOWNS
from circleci_usage.core.periods import Period, months
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS
from circleci_usage.usage.daily_usage import daily_usage
from circleci_usage.usage.engine import Source
from circleci_usage.usage.input_files import find_parts
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.polars.engine import on_this_machine
from contracts import FIRST, LAST
from oracle import AMOUNTS, Contract, Item, Job, Rule, Sharing, Split
from report_factory import branch_globs, from_file, report_of_usage, written_settings

PERIOD = Period.of_days(FIRST, LAST)
NOW = datetime(2026, 4, 5, tzinfo=UTC)

Lines = dict[tuple[Any, ...], dict[str, Decimal]]


def here(folder: Path) -> Source:
    """This machine's engine; reading the same parts again reads its cache."""
    return on_this_machine(find_parts([folder]))


def report_of_parts(
    folder: Path,
    parts: Sequence[Sequence[Job]],
    settings_text: str,
    source_of: Callable[[Path], Source] = here,
) -> Report:
    """The report on the job runs of several parts, read by any engine, with a settings file."""
    write_parts(folder, parts)
    file = written_settings(folder, settings_text)
    patterns = NamePatterns(branch_globs(file), file.ownership().user_patterns)
    usage = daily_usage(source_of(folder).read(None, patterns))
    return report_of_usage(usage, PERIOD, NOW, **from_file(file, allow_unpriced=True))


def write_parts(folder: Path, parts: Sequence[Sequence[Job]]) -> None:
    for number, part in enumerate(parts):
        write_part(
            folder / f"part-{number}.csv.gz",
            [tuple(job.get(column, NULL_MARKS[1]) for column in EXPORT_COLUMNS) for job in part],
        )


def lines_of(report: Report, name: str) -> Lines:
    breakdown = report.breakdowns[name]
    return {
        tuple(line[key] for key in breakdown.keys): {amount: line[amount] for amount in AMOUNTS}
        for line in breakdown.lines.to_dict("records")
        if any(line[amount] for amount in AMOUNTS)
    }


def expected_lines(items: Sequence[Item], keys: Sequence[str]) -> Lines:
    lines: Lines = defaultdict(lambda: dict.fromkeys(AMOUNTS, Decimal(0)))
    for item in items:
        known = {
            **oracle.shown_names(item),
            "credit_type": item.kind,
            "date": datetime.combine(item.day, datetime.min.time()),
        }
        for amount in AMOUNTS:
            lines[tuple(known[key] for key in keys)][amount] += item.amount(amount)
    return {key: amounts for key, amounts in lines.items() if any(amounts.values())}


def by_all_names(job: Job, rules: Sequence[Rule]) -> dict[str, str]:
    names = {name: job.get(column, oracle.NULL) for name, column in oracle.COLUMNS.items()}
    return {**names, "branch_group": oracle.group_of(job["VCS_BRANCH"], rules)}


def by_branch(job: Job) -> dict[str, str]:
    names = ("organization_id", "organization", "project_id", "project")
    return {**{name: job[oracle.COLUMNS[name]] for name in names}, "branch": job["VCS_BRANCH"]}


def assert_equals_oracle(
    report: Report,
    jobs: Sequence[Job],
    contract: Contract,
    rules: Sequence[Rule],
    sharing: Sharing | None,
    splits: Sequence[Split] = (),
) -> None:
    """Every breakdown, every month's chargeback, every total."""
    with localcontext(prec=100):
        items = oracle.items(jobs, contract, lambda job: by_all_names(job, [*rules, *splits]))
        branches = oracle.items(jobs, contract, by_branch)
        for name, keys in BREAKDOWNS.items():
            if name != "teams":
                assert lines_of(report, name) == expected_lines(
                    branches if name == "branches" else items, keys
                ), name
        assert lines_of(report, "teams") == expected_teams(report, items, rules, sharing, splits)
        check_totals(report, items)


def expected_teams(
    report: Report,
    items: Sequence[Item],
    rules: Sequence[Rule],
    sharing: Sharing | None,
    splits: Sequence[Split],
) -> Lines:
    """The teams of all months; the lines of each month are checked on the way."""
    teams: Lines = defaultdict(lambda: dict.fromkeys(AMOUNTS, Decimal(0)))
    posted: dict[tuple[Any, Any], Mapping[Any, Any]] = {
        (line["first"], line["team"]): line for line in report.chargeback.to_dict("records")
    }
    for month in months(PERIOD):
        of_month = [item for item in items if item.day in month]
        charged = oracle.charged(of_month, rules, sharing, splits)
        for team, (amounts, direct, shared) in charged.items():
            line = posted.get((month.first, team), dict.fromkeys((*AMOUNTS, "direct", "shared"), 0))
            assert (line["direct"], line["shared"]) == (direct, shared)
            assert {amount: line[amount] for amount in AMOUNTS} == amounts
            assert line["cost"] == direct + shared
            for amount in AMOUNTS:
                teams[team,][amount] += amounts[amount]
    return {key: amounts for key, amounts in teams.items() if any(amounts.values())}


def check_totals(report: Report, items: Sequence[Item]) -> None:
    sums = {amount: sum((item.amount(amount) for item in items), Decimal(0)) for amount in AMOUNTS}
    assert {amount: getattr(report.totals, amount) for amount in AMOUNTS} == sums
    for lines in (report.charges, report.cube, report.chargeback):
        assert {amount: sum(lines[amount], Decimal(0)) for amount in AMOUNTS} == sums
    assert sum(report.prices_used["cost"], Decimal(0)) == sums["cost"]
    assert report.reconciliation.agrees
    assert report.reconciliation.of_rows == sums["credits"]

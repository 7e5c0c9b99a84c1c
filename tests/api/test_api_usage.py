"""Daily usage and costs of the Python API, compared with plain loops over the rows."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from api_export import FIRST, LAST, MARCH, NULL, SampleExport, sample_export
from circleci_usage.api import Usage, load_settings, read_files
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import DIMENSIONS, names_in
from circleci_usage.schema.export_columns import CREDIT_COLUMNS

Job = dict[str, str]
Key = tuple[Hashable, ...]

PRICE = Decimal("0.0006")
MARCH_10 = date(2026, 3, 10)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> SampleExport:
    return sample_export(tmp_path_factory.mktemp("usage"))


@pytest.fixture(scope="module")
def usage(export: SampleExport) -> Usage:
    return read_files(export.folder)


def day_of(job: Job) -> datetime:
    return datetime.fromisoformat(job["JOB_RUN_DATE"])


def name_of(job: Job, column: str) -> str:
    return "(none)" if job[column] == NULL else job[column]


def summed(
    jobs: Iterable[Job], key: Callable[[Job], Key], amount: Callable[[Job], Decimal]
) -> dict[Key, Decimal]:
    sums: dict[Key, Decimal] = defaultdict(Decimal)
    for job in jobs:
        sums[key(job)] += amount(job)
    return dict(sums)


def column(frame: pd.DataFrame, names: list[str], measure: str) -> dict[Key, Any]:
    keys = zip(*(frame[name] for name in names), strict=True)
    return dict(zip(keys, frame[measure], strict=True))


def credits_of(job: Job) -> Decimal:
    return Decimal(job["TOTAL_CREDITS"])


def by_day_and_project(job: Job) -> Key:
    return day_of(job), name_of(job, "PROJECT_NAME")


def test_daily_usage_is_that_of_the_rows(export: SampleExport, usage: Usage) -> None:
    names = ["date", "project"]
    daily = usage.daily(by=names)

    assert column(daily, names, "credits") == summed(export.jobs, by_day_and_project, credits_of)
    assert column(daily, names, "job_runs") == summed(
        export.jobs, by_day_and_project, lambda _: Decimal(1)
    )
    assert column(daily, names, "job_seconds") == summed(
        export.jobs, by_day_and_project, lambda job: Decimal(job["JOB_RUN_SECONDS"])
    )


def test_credit_types_are_those_of_the_rows(export: SampleExport, usage: Usage) -> None:
    daily = usage.daily(by="credit_type")
    expected = {}
    for name, credit_column in CREDIT_COLUMNS.items():
        used = [Decimal(job[credit_column]) for job in export.jobs]
        expected[(name,)] = (sum(used), sum(map(bool, used)))

    assert column(daily, ["credit_type"], "credits") == {
        name: credits for name, (credits, _) in expected.items() if credits
    }
    assert column(daily, ["credit_type"], "job_runs") == {
        name: runs for name, (_, runs) in expected.items() if runs
    }


def test_branches_are_those_of_the_rows(export: SampleExport, usage: Usage) -> None:
    names = ["branch", "date"]
    daily = usage.daily(by=names)

    assert column(daily, names, "credits") == summed(
        export.jobs, lambda job: (name_of(job, "VCS_BRANCH"), day_of(job)), credits_of
    )
    assert [*daily.columns] == ["branch", "date", "credits", "job_runs"]


def test_every_dimension_is_a_column(usage: Usage, export: SampleExport) -> None:
    daily = usage.daily()
    expected = {*names_in(Place.DAILY_USAGE), "credit_type"}

    assert [*daily.columns] == [
        *(each.name for each in DIMENSIONS if each.name in expected),
        "credits",
        "job_runs",
    ]
    assert daily["date"].dtype == "datetime64[us]"
    assert {str(daily[name].dtype) for name in expected - {"date"}} == {"category"}
    assert sum(daily["credits"]) == sum(map(credits_of, export.jobs))


def test_floats_are_the_nearest_to_the_exact_amounts(usage: Usage, export: SampleExport) -> None:
    for exact, floats in (
        (usage.daily(), usage.daily(exact=False)),
        (usage.costs(export.settings), usage.costs(export.settings, exact=False)),
    ):
        assert [*exact.columns] == [*floats.columns]
        for name in exact.columns:
            if exact[name].dtype == "object":
                assert [*floats[name]] == [*map(float, exact[name])]
            else:
                assert exact[name].equals(floats[name])


def test_costs_at_the_list_price(export: SampleExport, usage: Usage) -> None:
    costs = usage.costs(by=["date"])

    assert column(costs, ["date"], "cost") == summed(
        export.jobs, lambda job: (day_of(job),), lambda job: credits_of(job) * PRICE
    )
    assert {*usage.costs(by="team")["team"]} == {"unallocated"}


@pytest.mark.parametrize("price", ["0.00052", Decimal("0.00052"), 0.00052])
def test_a_price_overrides_the_settings(
    export: SampleExport, usage: Usage, price: str | Decimal | float
) -> None:
    costs = usage.costs(price_per_credit=price, by=["date"])

    assert sum(costs["cost"]) == sum(map(credits_of, export.jobs)) * Decimal("0.00052")


def team_of(job: Job) -> str:
    if Decimal(job["USER_CREDITS"]):
        return "shared"
    if job["PROJECT_NAME"] == "web" and job["VCS_BRANCH"] == "main":
        return "shop"
    return "mobile" if job["PROJECT_NAME"].startswith("ios") else "unallocated"


def contracted(job: Job) -> Decimal:
    if day_of(job).date() < MARCH_10:
        return credits_of(job) * Decimal("0.00059")
    storage = Decimal(job["STORAGE_CREDITS"])
    return (credits_of(job) - storage) * Decimal("0.000543") + storage * Decimal("0.0005")


def test_costs_by_team_and_price_period(export: SampleExport, usage: Usage) -> None:
    names = ["date", "team"]
    costs = usage.costs(load_settings(export.settings), by=names)
    expected = summed(export.jobs, lambda job: (day_of(job), team_of(job)), contracted)

    assert column(costs, names, "contracted_cost") == expected
    of_march = costs[costs["date"] >= datetime(2026, 3, 1)]  # noqa: DTZ001 - days have no zone
    assert sum(of_march["free_credits"]) == Decimal("1234.5")
    assert sum(costs["list_cost"]) == sum(map(credits_of, export.jobs)) * PRICE


def test_a_period_is_only_its_days(export: SampleExport) -> None:
    march = read_files(export.folder, period=MARCH)
    jobs = [job for job in export.jobs if job["JOB_RUN_DATE"].startswith("2026-03")]

    assert (str(march.first_day), str(march.last_day)) == MARCH
    assert march.job_runs == len(jobs)
    assert sum(march.daily()["credits"]) == sum(map(credits_of, jobs))
    assert sum(march.costs()["cost"]) == sum(map(credits_of, jobs)) * PRICE


@pytest.mark.parametrize(
    "period",
    [
        (date(2026, 3, 1), date(2026, 3, 31)),
        (pd.Timestamp("2026-03-01"), pd.Timestamp("2026-03-31")),
        ("2026-03-01", None),
    ],
)
def test_periods_can_be_dates(export: SampleExport, period: tuple[Any, Any]) -> None:
    march = read_files(export.folder, period=period)

    assert (str(march.first_day), str(march.last_day)) == MARCH


def test_what_is_known_of_all_days(export: SampleExport, usage: Usage) -> None:
    assert (usage.first_day, usage.last_day) == (FIRST, LAST)
    assert usage.job_runs == len(export.jobs)
    assert usage.warnings == ("part-1.csv duplicates copy.csv and was skipped.",)
    assert repr(usage) == "<Usage of all days in 2 files>"


def test_no_usage_at_all_gives_empty_frames(export: SampleExport, tmp_path: Path) -> None:
    header, *_ = (export.folder / "part-1.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "empty.csv").write_text(header + "\n", encoding="utf-8")
    nothing = read_files(tmp_path)

    assert nothing.daily().empty
    assert nothing.daily(by=["date"]).empty
    assert nothing.costs(export.settings).empty
    assert nothing.job_runs == 0


def test_threads_may_share_usage(export: SampleExport) -> None:
    shared = read_files(export.folder)
    expected = (sum(map(credits_of, export.jobs)), shared.report(export.settings).cost)

    def totals(_: int) -> tuple[Decimal, Decimal]:
        """Alternately with other settings, which need other sums."""
        credits = sum(shared.daily(by=["date"])["credits"])
        return credits, sum(shared.costs(export.settings, by=["team"])["cost"])

    with ThreadPoolExecutor(4) as threads:
        assert {*threads.map(totals, range(12))} == {expected}

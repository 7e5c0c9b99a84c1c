"""Rates from an export: what runs agree on is what CircleCI charged; otherwise it is unknown."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.costs.derived_rates import DerivedRate, derive_rates
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.schema.export_columns import NULL_MARKS
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from hypothesis_profiles import examples
from paths import SHARED
from report_factory import report_of
from rows import Row, job_run

WINDOWS = {"EXECUTOR": "machine", "RESOURCE_CLASS": "windows.large", "OPERATING_SYSTEM": "windows"}
KEY = ("machine", "windows.large")

Derive = Callable[[list[Row]], DerivedRate | None]


def charged(rate: Decimal | int, seconds: int, containers: int = 1) -> str:
    """As CircleCI bills: each container up to the credit."""
    return str(containers * -(-int(rate * seconds * 100) // 6000))


def run(rate: Decimal | int, seconds: int = 600, containers: int = 1, **changes: str) -> Row:
    fields = {**WINDOWS, "JOB_RUN_SECONDS": str(seconds), "PARALLELISM": str(containers)} | changes
    return job_run(charged(rate, seconds, containers), **fields)


@pytest.fixture(scope="module")
def derive(tmp_path_factory: pytest.TempPathFactory) -> Derive:
    def derived(rows: list[Row]) -> DerivedRate | None:
        folder = tmp_path_factory.mktemp("part")
        write_part(folder / "part.csv.gz", rows)
        return derive_rates(
            read_daily_usage(find_parts([folder]).parts).run_statistics.classes
        ).get(KEY)

    return derived


@given(
    rate=st.integers(1, 900),
    seconds=st.lists(st.integers(60, 18_000), min_size=5, max_size=12),
    containers=st.sampled_from([1, 1, 2, 7]),
    others=st.lists(st.integers(1, 59), max_size=9),
)
@settings(max_examples=examples(30))
def test_runs_of_a_minute_or_more_tell_the_rate_they_were_charged(
    derive: Derive, rate: int, seconds: list[int], containers: int, others: list[int]
) -> None:
    short = [run(rate, each) for each in others]

    found = derive([*short, *(run(rate, each, containers) for each in seconds)])

    assert found is not None
    assert found.credits_per_minute == rate
    assert (found.runs, found.of_runs) == (len(seconds), len(seconds))
    assert not found.contradicts(Decimal(rate))


def test_a_rate_need_not_be_whole(derive: Derive) -> None:
    found = derive([run(Decimal("12.5"), 1200)] * 5)

    assert found is not None
    assert found.credits_per_minute == Decimal("12.5")
    assert found.contradicts(Decimal(12))


def test_an_export_that_is_a_second_off_says_the_same(derive: Derive) -> None:
    lengths = (61, 75, 200, 431, 1000, 2711)
    rows = [
        run(100, each, JOB_RUN_SECONDS=str(each + off)) for each in lengths for off in (-1, 0, 1)
    ]

    found = derive(rows)

    assert found is not None
    assert found.credits_per_minute == 100


@pytest.mark.parametrize(
    "rows",
    [
        [run(120)] * 4,
        [run(120)] * 5 + [run(60)] * 5,
        [run(rate) for rate in (100, 110, 120, 130, 140, 150)],
        [run(120, 59)] * 9,
        [run(120, PARALLELISM=NULL_MARKS[1])] * 9,
        [run(120, JOB_BUILD_STATUS="running")] * 9,
        [run(0)] * 9,
    ],
    ids=["few", "half", "each its own", "short", "unknown containers", "running", "free"],
)
def test_what_runs_do_not_agree_on_is_not_known(derive: Derive, rows: list[Row]) -> None:
    assert derive(rows) is None


def test_some_runs_may_be_odd(derive: Derive) -> None:
    found = derive([run(120, 100 + number) for number in range(5)] + [run(37)] * 2 + [run(400)] * 2)

    assert found is not None
    assert (found.credits_per_minute, found.runs, found.of_runs) == (Decimal(120), 5, 9)


def test_containers_that_end_early_are_not_asked_where_enough_run_alone(derive: Derive) -> None:
    parallel = job_run("2100", **WINDOWS, JOB_RUN_SECONDS="600", PARALLELISM="2")

    found = derive([run(120)] * 5 + [parallel] * 30)

    assert found is not None
    assert (found.credits_per_minute, found.of_runs, found.in_parallel) == (Decimal(120), 5, False)
    alone = derive([parallel] * 30)
    assert alone is not None
    assert alone.credits_per_minute == 105
    assert not alone.contradicts(Decimal(120))
    assert alone.contradicts(Decimal(90))


def test_both_spellings_of_a_class_are_one(derive: Derive) -> None:
    found = derive([*[run(120)] * 3, *[run(120, EXECUTOR="windows")] * 3])

    assert found is not None
    assert found.runs == 6


def test_absurd_credits_stop_nothing(derive: Derive) -> None:
    assert derive([job_run("9" * 18, **WINDOWS)] * 5) is None


def test_a_known_rate_that_the_export_contradicts_is_warned_of() -> None:
    docker = {"EXECUTOR": "docker", "RESOURCE_CLASS": "large", "JOB_RUN_SECONDS": "600"}

    (warning,) = report_of([job_run("240", **docker)] * 5).warnings

    assert warning.startswith(
        "docker large costs 20 credits a minute according to the rate table, but 24 in this export"
    )
    assert report_of([job_run("240", **docker)] * 4).warnings == ()
    assert report_of([job_run("200", **docker)] * 5).warnings == ()


REAL = SHARED / "data"


@pytest.mark.skipif(not REAL.exists(), reason="the real export is not here")
def test_a_real_export_agrees_with_the_table() -> None:
    found = derive_rates(
        read_daily_usage(find_parts(sorted(REAL.glob("*.csv.gz"))).parts).run_statistics.classes
    )

    assert {key: each.credits_per_minute for key, each in found.items()} == {
        ("docker", "medium"): 10,
        ("docker", "large"): 20,
        ("docker", "xlarge"): 40,
        ("machine", "large"): 20,
        ("machine", "xlarge"): 100,
        ("remote-docker", "large"): 20,
        ("remote-docker", "xlarge"): 100,
    }

"""Tables of right-sizing: recommendations, next generations, larger classes, rates."""

from collections.abc import Iterable
from typing import Final

from circleci_usage.analysis.rightsizing import Migration, Recommendation, SpeedUp, UsedClass
from circleci_usage.report_folder.columns import (
    CatalogTable,
    count,
    credit_amount,
    day,
    dimension,
    dimensions,
    exact,
    money,
    number,
    share,
    text,
)
from circleci_usage.report_folder.table import Row, Table
from circleci_usage.usage.job_run_rules import MACHINE_KEYS

_KEY: Final = dimensions(MACHINE_KEYS)
_MONTHLY_CREDITS: Final = credit_amount("credits_a_month", "Compute credits per month now.")
_MONTHLY_COST: Final = money("cost_a_month", "Contracted cost of these credits.")

RIGHT_SIZING: Final = CatalogTable(
    "right_sizing",
    "Right-sizing",
    "A job on a resource class.",
    (
        *_KEY,
        text(
            "verdict",
            "`smaller` (over-provisioned), `larger` (under-provisioned), `fits`, or why nothing is"
            " recommended: `not enough data`, `unknown rate`, `unknown size`, `unknown class`,"
            " `self-hosted`.",
        ),
        text("suggested", "The class that the verdict recommends; empty where none."),
        count("runs", "job runs", "Runs that ended."),
        count("measured_runs", "job runs", "Job runs with known peak usage."),
        number("p95_cpu", "percent", "95th percentile of the runs' peak CPU usage."),
        number("p95_ram", "percent", "95th percentile of the runs' peak RAM usage."),
        _MONTHLY_CREDITS,
        _MONTHLY_COST,
        credit_amount(
            "saved_credits_a_month",
            "Monthly savings in credits; negative where the recommended class costs more, empty"
            " where that is not known.",
        ),
        money("saved_a_month", "Monthly savings."),
        text("recommended", "Class with the largest confirmed savings, else the suggested one."),
        text(
            "saved_by",
            "How it saves: `smaller class`, `larger class`, `next generation` or `smaller class of"
            " the next generation`; empty where it does not.",
        ),
        text(
            "rate_source",
            "Where the current class's rate is from: `rate table`, `settings file` or `derived from"
            " this export`.",
        ),
        text("larger", "The next larger class, where more CPUs may make the job faster."),
        number("p50_median_cpu", "percent", "Median of the runs' median CPU usage, likewise."),
        share("time_saved_up_to", "Share of run time saved if the work scales, likewise."),
    ),
)

MIGRATIONS: Final = CatalogTable(
    "migrations",
    "Next generation",
    "A job that can run on the next generation of its resource class.",
    (
        *_KEY,
        text("target", "The class of the next generation."),
        exact("credits_per_minute", "credits per minute", "Current rate."),
        exact("target_credits_per_minute", "credits per minute", "New rate."),
        share("rate_change", "Change of the rate: -0.28 is 28% cheaper for the same run time."),
        share("pays_if_faster_by", "Break-even speed-up; 0 where it is always cheaper."),
        _MONTHLY_CREDITS,
        _MONTHLY_COST,
        text("pays", "`yes` where it is always cheaper, else `may`."),
        credit_amount("saved_credits_a_month", "Monthly savings in credits; empty if unknown."),
        money("saved_a_month", "Monthly savings; empty if unknown."),
        count("runs", "job runs", "Runs that ended."),
    ),
)

LARGER_CLASSES: Final = CatalogTable(
    "larger_classes",
    "Larger classes",
    "A job that a larger class may make faster; in summary.json only.",
    (
        *_KEY,
        text("larger", "The next larger class."),
        count("median_runs", "job runs", "Runs whose median CPU usage is known."),
        number("p50_median_cpu", "percent", "Median of these."),
        share("time_saved_up_to", "Share of run time saved if the work scales with the CPUs."),
        share("cost_change_if_it_scales", "Share by which the cost then changes."),
        _MONTHLY_COST,
    ),
)

RESOURCE_RATES: Final = CatalogTable(
    "resource_rates",
    "Resource class rates",
    "A resource class that was used, what it costs, and what the export says it costs.",
    (
        dimension("executor"),
        dimension("resource_class"),
        exact("credits_per_minute", "credits per minute", "The rate that is used here."),
        text("rate_source", "Where it is from: as in `right_sizing`."),
        text("source", "Source of the rate table's rate."),
        day("as_of", "Date of the source."),
        exact("vcpus", "vCPUs", "Size of the class."),
        exact("ram_gb", "GB", "Memory of the class."),
        exact("derived_credits_per_minute", "credits per minute", "The rate that runs agree on."),
        count("agreeing_runs", "job runs", "Runs that agree on it."),
        count("runs_that_could_tell", "job runs", "Runs that are long enough to tell a rate."),
    ),
)


def right_sizing_table(recommendations: Iterable[Recommendation]) -> Table:
    """Jobs on resource classes, and which classes are recommended."""
    return Table(RIGHT_SIZING, (_recommendation_row(each) for each in recommendations))


def _recommendation_row(each: Recommendation) -> Row:
    faster = each.speed_up
    of_larger: Row = (None, None, None)
    if faster:
        of_larger = (faster.target, faster.median_cpu, faster.time_saved)
    return (
        *each.key,
        each.verdict,
        each.suggested,
        each.runs,
        each.measured_runs,
        each.p95_cpu,
        each.p95_ram,
        each.credits,
        each.cost,
        each.saved_credits,
        each.saved,
        each.recommended,
        each.saving,
        each.rate_source,
        *of_larger,
    )


def migrations_table(migrations: Iterable[Migration]) -> Table:
    """Jobs that can run on the next generation of their class."""
    return Table(MIGRATIONS, (_migration_row(each) for each in migrations))


def _migration_row(each: Migration) -> Row:
    return (
        *each.key,
        each.target,
        each.rate,
        each.new_rate,
        each.change,
        each.break_even_speed_up,
        each.credits,
        each.cost,
        "yes" if each.is_always_cheaper else "may",
        each.saved_credits,
        each.saved,
        each.runs,
    )


def larger_classes_table(speed_ups: Iterable[SpeedUp]) -> Table:
    """Jobs that a larger class may make faster; no savings."""
    return Table(LARGER_CLASSES, (_speed_up_row(each) for each in speed_ups))


def _speed_up_row(each: SpeedUp) -> Row:
    return (
        *each.key,
        each.target,
        each.median_runs,
        each.median_cpu,
        each.time_saved,
        each.cost_change,
        each.cost,
    )


def resource_rates_table(classes: Iterable[UsedClass]) -> Table:
    """The resource classes of the period with their rates."""
    return Table(RESOURCE_RATES, (_class_row(each) for each in classes))


def _class_row(used: UsedClass) -> Row:
    known, derived = used.machine, used.derived
    of_class: Row = (None, None, None, None)
    if known:
        of_class = (known.source, known.as_of, known.vcpus, known.ram_gb)
    of_runs: Row = (None, None, None)
    if derived:
        of_runs = (derived.credits_per_minute, derived.runs, derived.of_runs)
    return (used.executor, used.name, used.rate, used.rate_source, *of_class, *of_runs)

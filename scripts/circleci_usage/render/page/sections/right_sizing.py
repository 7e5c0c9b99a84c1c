"""Right-sizing: jobs on too large or too small a resource class, or on an old generation."""

from collections.abc import Iterator, Sequence
from typing import Final

from circleci_usage.analysis.evidence import ENOUGH_FOR_P95
from circleci_usage.analysis.rightsizing import (
    SAVINGS_ASSUME,
    Migration,
    Recommendation,
    RightSizing,
    SpeedUp,
)
from circleci_usage.core.decimals import ZERO, plain
from circleci_usage.costs.resource_rates import DERIVED
from circleci_usage.render.formatting import (
    Shown,
    money,
    number,
    number_of,
    percent,
    percent_change,
)
from circleci_usage.render.page.tables import (
    Cell,
    PageTable,
    PageTables,
    Row,
    class_cell,
    job_cell,
    more_rows,
    name_cell,
    unknown,
)
from circleci_usage.render.text.materiality import worth_saying
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.keys import JobClassKey

_ROWS: Final = 10
_FEW_ROWS: Final = 5

_SIZING_HEADINGS: Final = (
    "Job",
    "Monthly savings",
    "Current class",
    "Recommended",
    "Peak CPU",
    "Peak RAM",
    "Runs",
)
_MIGRATION_HEADINGS: Final = (
    "Job",
    "Monthly cost",
    "Monthly savings",
    "Current class",
    "Next generation",
    "Credits per minute",
    "New rate",
    "Break-even speed-up",
    "Runs",
)
_SPEED_UP_HEADINGS: Final = (
    "Job",
    "Monthly cost",
    "Cost change",
    "Time saved",
    "Current class",
    "Larger class",
    "Median CPU",
)
_CLASSES: Final = ("Current class", "Recommended", "Next generation", "Larger class")
_RATE_HEADINGS: Final = ("Class", "Credits per minute", "Matching runs")

_MIGRATION_NOTE: Final = (
    f"{SAVINGS_ASSUME} Where a break-even speed-up is given, moving pays off only if runs become"
    " that much faster. CircleCI expects such speed-ups, but they are not part of the total. A job"
    " that also fits a smaller class is counted once, with its largest saving."
)
_SPEED_UP_NOTE: Final = (
    "An option rather than a saving: the median run keeps its CPUs busy. Time and cost assume work"
    " that scales with the number of CPUs."
)
_RATE_NOTE: Final = (
    "Credits ÷ minutes ÷ containers of at least 5 matching runs. The rate table has no rate for"
    " these classes."
)


def right_sizing_section(view: ReportView) -> PageTables | None:
    """Over- and under-provisioned jobs, next generations, larger classes and derived rates."""
    right_sizing = view.report.findings.right_sizing
    tables = [
        *_sizings(view),
        *_migrations(view),
        *_speed_ups(view),
        *_derived_rates(view),
    ]
    if not tables:
        return None
    is_worth_it = right_sizing.savings and worth_saying(right_sizing.saved)
    return PageTables(
        total=_potential_savings(view) if is_worth_it else None,
        hint=" ".join(_hints(right_sizing)),
        tables=tables,
        files=["right_sizing", "migrations", "resource_rates"],
    )


def _potential_savings(view: ReportView) -> tuple[str, str]:
    right_sizing = view.report.findings.right_sizing
    jobs = number_of(len(right_sizing.savings), "job")
    what = f"potential monthly savings from smaller or newer resource classes ({jobs})."
    return money(right_sizing.saved, view.currency), f"{what} {SAVINGS_ASSUME}"


def _hints(right_sizing: RightSizing) -> Iterator[str]:
    yield "A smaller class is recommended when p95 peak usage plus 20% headroom fits."
    unmeasured = len(right_sizing.of("not enough data"))
    if unmeasured:
        jobs = number_of(unmeasured, "job")
        yield f"{jobs} cannot be evaluated: too few measured runs, or a GPU class."
    unpriced = len(right_sizing.of("unknown rate"))
    if unpriced:
        jobs = number_of(unpriced, "job")
        yield f"{jobs} would fit a smaller class, but one of the two rates is unknown."
    yield f"Rates as of {right_sizing.rates.as_of.isoformat()}."


def _sizings(view: ReportView) -> Iterator[PageTable]:
    right_sizing = view.report.findings.right_sizing
    smaller = [each for each in right_sizing.savings if each.verdict == "smaller"]
    larger = right_sizing.of("larger")
    for title, found, limit in (
        ("Over-provisioned", smaller, _ROWS),
        ("Under-provisioned", larger, _FEW_ROWS),
    ):
        if found:
            rows = [_sizing_row(each, view) for each in found[:limit]]
            note = _note(limit, found, SAVINGS_ASSUME)
            yield PageTable(title, _SIZING_HEADINGS, rows, note, _CLASSES)


def _migrations(view: ReportView) -> Iterator[PageTable]:
    found = view.report.findings.right_sizing.migrations
    if found:
        rows = [_migration_row(each, view) for each in found[:_FEW_ROWS]]
        note = _note(_FEW_ROWS, found, _MIGRATION_NOTE)
        yield PageTable("Next generation", _MIGRATION_HEADINGS, rows, note, _CLASSES)


def _speed_ups(view: ReportView) -> Iterator[PageTable]:
    found = view.report.findings.right_sizing.speed_ups
    if found:
        rows = [_speed_up_row(each, view) for each in found[:_FEW_ROWS]]
        note = _note(_FEW_ROWS, found, _SPEED_UP_NOTE)
        yield PageTable("Speed-up opportunities", _SPEED_UP_HEADINGS, rows, note, _CLASSES)


def _derived_rates(view: ReportView) -> Iterator[PageTable]:
    """The classes whose rate only the export tells."""
    rows: list[Row] = []
    for each in view.report.findings.right_sizing.classes:
        if each.is_derived and each.derived:
            derived = each.derived
            matching = f"{number(derived.runs)} of {number(derived.of_runs)}"
            name = class_cell(each.name, view, each.executor)
            rate = plain(derived.credits_per_minute)
            rows.append([name, rate, Shown(matching, derived.runs)])
    if rows:
        yield PageTable("Rates derived from this export", _RATE_HEADINGS, rows, _RATE_NOTE)


def _note(shown: int, every: Sequence[object], sentence: str) -> str:
    """How many rows are left out, and how to read the others."""
    left = more_rows(shown, every, "job")
    return f"{left}. {sentence}" if left else sentence


def _sizing_row(found: Recommendation, view: ReportView) -> Row:
    key = JobClassKey(*found.key)
    fitting = found.suggested if found.verdict == "larger" else found.recommended
    return [
        job_cell(key.job_key, view),
        _savings(found, view.currency),
        class_cell(key.resource_class, view, _derived(found.rate_source)),
        name_cell(fitting or ""),
        _peak(found.p95_cpu, found.measured_runs),
        _peak(found.p95_ram, found.measured_runs),
        number(found.runs),
    ]


def _peak(percentage: float | None, runs: int) -> Cell:
    """A 95th percentile; where it is from few runs, their number stands beside it."""
    if percentage is None:
        return Cell("")
    few = f"({number_of(runs, 'run')})" if runs < ENOUGH_FOR_P95 else ""
    return Cell(Shown(f"{percentage:.0f}%", percentage), detail=few)


def _savings(found: Recommendation, currency: str) -> Cell:
    if found.verdict == "larger":
        if found.saved is None:
            return Cell(unknown())
        if found.recommended != found.suggested:
            return Cell("")
    saved = found.saved or ZERO
    return Cell(money(saved, currency), tone="less" if saved > 0 else "more")


def _derived(rate_source: str | None) -> str:
    """Marks a class whose rate only the export tells."""
    return f"{rate_source} rate" if rate_source == DERIVED else ""


def _migration_row(found: Migration, view: ReportView) -> Row:
    key = JobClassKey(*found.key)
    break_even = "always cheaper" if found.is_always_cheaper else percent(found.break_even_speed_up)
    saved = found.saved
    return [
        job_cell(key.job_key, view),
        money(found.cost, view.currency),
        "" if saved is None else Cell(money(saved, view.currency), tone="less"),
        class_cell(key.resource_class, view),
        name_cell(found.target),
        plain(found.rate),
        plain(found.new_rate),
        Shown(break_even, found.break_even_speed_up),
        number(found.runs),
    ]


def _speed_up_row(found: SpeedUp, view: ReportView) -> Row:
    key = JobClassKey(*found.key)
    return [
        job_cell(key.job_key, view),
        money(found.cost, view.currency),
        _cost_change(found),
        Shown(f"up to {percent(found.time_saved)}", found.time_saved),
        class_cell(key.resource_class, view),
        name_cell(found.target),
        Shown(f"{found.median_cpu:.0f}%", found.median_cpu),
    ]


def _cost_change(found: SpeedUp) -> Shown:
    change = found.cost_change
    if change is None:
        return unknown()
    return percent_change(change) if change else Shown("none", change)

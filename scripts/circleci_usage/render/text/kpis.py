"""The KPIs in one line, the same for Markdown, Slack and terminal."""

from collections.abc import Sequence

from circleci_usage.analysis.kpis import REALIZED_SAVINGS, SUCCESS_RATE, Kpi
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.render.view.kpi_values import kpi_change, kpi_value
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.unit_names import is_named_by_settings, unit_name


def kpis_in_short(view: ReportView) -> Sentence | None:
    """Unit costs, success rate and realized savings, as far as they are known; None without any.

    `Cost per pipeline $0.57 (−3.1%), per active user $5.97; workflow success rate 73.7%.` The total
    cost is not among them: the headline has it.
    """
    kpis = view.report.findings.kpis
    per_unit = [kpi for kpi in kpis if kpi.unit and kpi.value is not None]
    costs = ", ".join(f"per {_hole(kpi)} {_shown(kpi, view)}" for kpi in per_unit)
    rates = [kpi for kpi in kpis if kpi.name == SUCCESS_RATE and kpi.value is not None]
    parts = [f"Cost {costs}"] if costs else []
    parts += [f"{_rate(parts)} success rate {_shown(kpi, view)}" for kpi in rates]
    saved = [kpi for kpi in kpis if kpi.name == REALIZED_SAVINGS]
    parts += [f"{_realized(parts)} savings {_shown(kpi, view)} a month" for kpi in saved]
    names = tuple(kpi.unit for kpi in per_unit if is_named_by_settings(kpi.unit))
    return Sentence(f"{'; '.join(parts)}.", names) if parts else None


def _hole(kpi: Kpi) -> str:
    """The unit in our words, or the place of a name of the settings file."""
    return "{}" if is_named_by_settings(kpi.unit) else unit_name(kpi.unit)


def _rate(before: Sequence[str]) -> str:
    return "workflow" if before else "Workflow"


def _realized(before: Sequence[str]) -> str:
    return "realized" if before else "Realized"


def _shown(kpi: Kpi, view: ReportView) -> str:
    """`$0.57 (−3.1%)`."""
    change = kpi_change(kpi)
    value = "" if kpi.value is None else kpi_value(kpi, kpi.value, view.currency)
    return f"{value} ({change})" if change else value

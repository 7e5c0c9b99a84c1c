"""A report that a notebook works with."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from circleci_usage.api.arguments import report_folder
from circleci_usage.api.frames import typed
from circleci_usage.api.wording import in_python
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.progress import NullProgress
from circleci_usage.core.untrusted_text import inert
from circleci_usage.pipeline import ComputedReport, write_computed
from circleci_usage.report_folder.catalog import catalog
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import tables
from circleci_usage.report_settings import ReportSettings
from circleci_usage.schema.report_files import PAGE_NAME


class UsageReport:
    """A report: what `circleci-usage report` writes, as pandas frames.

    Made by `Usage.report`. In a notebook it is displayed as its summary.
    """

    def __init__(self, computed: ComputedReport, settings: ReportSettings) -> None:
        self._computed = computed
        self._settings = settings

    @property
    def first_day(self) -> date:
        """The first UTC day of the report."""
        return self._computed.report.period.first

    @property
    def last_day(self) -> date:
        """The last UTC day of the report, included."""
        return self._computed.report.period.last

    @property
    def currency(self) -> str:
        """The currency of all money, as in ISO 4217."""
        return self._computed.report.currency

    @property
    def credits(self) -> Decimal:
        """All credits, exact."""
        return self._computed.report.totals.credits

    @property
    def cost(self) -> Decimal:
        """The total cost, exact; credits without a price are not part of it."""
        return self._computed.report.totals.cost

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know before trusting the numbers, a sentence each."""
        return self._computed.report.warnings

    @property
    def table_names(self) -> tuple[str, ...]:
        """The names that `table` takes, as in docs/tables.md."""
        return tuple(table.name for table in catalog())

    @property
    def summary(self) -> dict[str, Any]:
        """The content of summary.json, as in docs/summary-json.md; decimals are text."""
        text = summary_json(self._computed.report, presentation=self._settings.presentation)
        summary: dict[str, Any] = json.loads(text)
        return summary

    def table(self, name: str, *, exact: bool = True) -> pd.DataFrame:
        """A table of the report folder, with the columns of docs/tables.md.

        Args:
            name: such as `projects`, for tables/projects.csv.
            exact: whether money and credits are `Decimal` objects rather than float64.

        Raises:
            SettingsError: there is no table of this name.
        """
        described = next((table for table in catalog() if table.name == name), None)
        if described is None:
            raise SettingsError(
                f"There is no table {inert(repr(name))}; choose from {', '.join(self.table_names)}."
            )
        lines = next(lines for found, lines in tables(self._computed.report) if found == name)
        return typed(lines, described, exact=exact)

    @in_python()
    def write(self, folder: str | PathLike[str], *, merged: bool = True) -> Path:
        """Write the report folder, as `circleci-usage report` does; returns its index.html.

        An earlier report in the folder is replaced; other files there stay.

        Args:
            folder: made if it is not there.
            merged: whether merged.csv.gz, with all job runs, is written.

        Raises:
            DataError: a file changed or is gone since it was read, and `merged` needs it.
            SettingsError: the folder cannot be written.
            UnfinishedError: the disk is full.
        """
        settings = replace(self._settings, folder=report_folder(folder), merged=merged)
        write_computed(self._computed, settings, NullProgress())
        return settings.folder / PAGE_NAME

    def __repr__(self) -> str:
        days = self._computed.report.period
        return f"<UsageReport {days}: {self.cost:f} {self.currency}>"

    def _repr_markdown_(self) -> str:
        """What a notebook displays: the report's summary.md, with all names as code."""
        from circleci_usage.render.text.markdown import summary_md  # noqa: PLC0415 - only here
        from circleci_usage.render.view.report_view import ReportView  # noqa: PLC0415

        return summary_md(ReportView(self._computed.report, self._settings.presentation))

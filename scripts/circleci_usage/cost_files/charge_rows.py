"""The charges that cost files are made of, one by one or as lines."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.analysis.unattributed import own_name
from circleci_usage.costs.costs import UNPRICED
from circleci_usage.costs.tags import tag_columns
from circleci_usage.report import Report
from circleci_usage.schema.dimensions import JOB_DETAIL
from circleci_usage.schema.export_columns import BRANCH_GROUP

AT_A_TIME: Final = 20_000
"""Lines that are in memory with decimals."""


class ChargeRow(NamedTuple):
    """A line of `Report.charged` or `Report.handed_off`."""

    date: datetime
    organization_id: str
    organization: str
    project_id: str
    project: str
    vcs_url: str
    team: str
    credit_type: str
    price: Decimal
    credits: Decimal
    list_cost: Decimal
    contracted_cost: Decimal
    cost: Decimal
    tags: tuple[str, ...]
    """The values of the keys of `Ownership.tag_keys`."""
    details: tuple[str, ...]
    """The names of `JOB_DETAIL`, or none."""

    @property
    def of_job(self) -> dict[str, str]:
        """What is known of its job by `JOB_NAMES`, all of them by job; nothing otherwise."""
        return job_names(self.credit_type, self.details)


JOB_NAMES: Final = tuple("branch" if name == BRANCH_GROUP else name for name in JOB_DETAIL)
"""What cost files call the dimensions of `JOB_DETAIL`."""

_OWN_FIELDS: Final = ChargeRow._fields[:-2]


def job_names(credit_type: str, details: tuple[str, ...]) -> dict[str, str]:
    """The names of `JOB_DETAIL` by `JOB_NAMES`; empty where the charge has no such name.

    Args:
        credit_type: of the charge.
        details: see `ChargeRow`.
    """
    if not details:
        return {}
    named = zip(JOB_NAMES, details, strict=True)
    return {name: shown_name(detail, credit_type) for name, detail in named}


def shown_name(name: str, credit_type: str) -> str:
    """A name in `JOB_DETAIL` as people read it; groups of several branches have commas."""
    return own_name(name, credit_type).replace("\n", ", ")


def is_by_job(charged: ScaledLines) -> bool:
    """Whether charges are told apart by `JOB_DETAIL`."""
    return {*JOB_DETAIL} <= {*charged.counts.columns}


def priced_charges(report: Report, charged: ScaledLines) -> Iterator[ChargeRow]:
    """The charges whose cost is known; no tool has a row for others.

    Args:
        report: that they are of.
        charged: its `charged` or `handed_off`.
    """
    tags = tag_columns(report.ownership.tag_keys)
    columns = [*_OWN_FIELDS, *tags, *(JOB_DETAIL if is_by_job(charged) else ())]
    own, named = len(_OWN_FIELDS), len(_OWN_FIELDS) + len(tags)
    for some in priced_lines(charged).pieces(AT_A_TIME):
        for values in some[columns].itertuples(index=False, name=None):
            yield ChargeRow._make((*values[:own], values[own:named], values[named:]))


def priced_lines(charged: ScaledLines) -> ScaledLines:
    """The charges that have a price."""
    return charged.where(lambda charges: charges["price_period"] != UNPRICED)

"""What the finders of actions look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from circleci_usage.analysis.branch_runs import BranchRuns
from circleci_usage.analysis.durations import Durations
from circleci_usage.analysis.owned_usage import OwnedPeriod
from circleci_usage.analysis.people import People
from circleci_usage.analysis.rightsizing import RightSizing
from circleci_usage.analysis.savings.monthly_places import MonthlyPlaces
from circleci_usage.analysis.utilization import Utilization
from circleci_usage.analysis.wasted_spend import WastedSpend
from circleci_usage.costs.list_price import SEAT_CREDITS
from circleci_usage.usage.run_statistics import RunStatistics


@dataclass(frozen=True)
class SavingsInput:
    """What is known about a period.

    Attributes:
        places: what is spent a month, where.
        of_period: what sums over the period are multiplied by to be a month's.
        owned: costs and job runs of the period.
        statistics: of its job runs.
        right_sizing: what other resource classes save.
        waste: failed, canceled and rerun job runs.
        durations: of workflows and jobs, with their success.
        branch_runs: likewise, by branch.
        utilization: CPU, RAM and containers of jobs by class.
        people: the users of the period; None where nobody counted them.
        seat_credits: what a user seat costs a month.
    """

    places: MonthlyPlaces
    of_period: Decimal
    owned: OwnedPeriod
    statistics: RunStatistics
    right_sizing: RightSizing
    waste: WastedSpend
    durations: Durations
    branch_runs: Sequence[BranchRuns]
    utilization: Utilization
    people: People | None = None
    seat_credits: Decimal = SEAT_CREDITS

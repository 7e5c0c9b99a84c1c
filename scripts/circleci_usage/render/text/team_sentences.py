"""What only the report of a team says, in sentences."""

from collections.abc import Iterator

from circleci_usage.analysis.breakdowns import Amount
from circleci_usage.core.decimals import ratio
from circleci_usage.core.plurals import agreeing
from circleci_usage.costs.allocation import UNALLOCATED
from circleci_usage.render.formatting import money, number_of, percent, when
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.render.view.breakdown_lines import cost_shown
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import TeamReport


def used_in_words(totals: Amount) -> str:
    """`1,234 credits in 56 job runs`."""
    return f"{number_of(totals.credits, 'credit')} in {number_of(totals.job_runs, 'job run')}"


def team_headline(view: ReportView) -> Sentence | None:
    """The report in one sentence; None where it is about all teams."""
    mine, report = view.team_report, view.report
    if mine is None:
        return None
    is_unallocated = mine.team == UNALLOCATED
    names = () if is_unallocated else (mine.team,)
    if not report.is_used:
        usage = "unallocated CircleCI usage" if is_unallocated else "CircleCI usage of {}"
        return Sentence(f"No {usage} found {when(report.period)}.", names)
    usage = "Unallocated CircleCI usage" if is_unallocated else "CircleCI usage of {}"
    cost = cost_shown(report.totals, report.currency)
    return Sentence(
        f"{usage} cost {cost} {when(report.period)}: {used_in_words(report.totals)}.", names
    )


def of_the_whole(view: ReportView) -> Iterator[Sentence]:
    """What part of the whole a team is charged, and what it consists of."""
    mine = view.team_report
    if mine is None or not mine.whole_cost:
        return
    share = percent(ratio(view.report.totals.cost, mine.whole_cost))
    text = f"That is {share} of the cost of all teams"
    if mine.shared:
        direct, shared = (money(each, view.currency) for each in (mine.direct, mine.shared))
        text = f"{text}: {direct} of direct costs and {shared} of shared costs"
    yield Sentence(f"{text}.")


def jobs_of_several_teams(view: ReportView) -> Iterator[Sentence]:
    """Whose run statistics are those of jobs that several teams own in part."""
    mine = view.team_report
    if mine is not None:
        yield from map(Sentence, _attributed(mine))


def _attributed(mine: TeamReport) -> Iterator[str]:
    if mine.with_others:
        jobs = number_of(mine.with_others, "job")
        belong = agreeing(mine.with_others, "belongs", "belong")
        yield (
            f"{jobs} {belong} partly to other teams: success rate, duration, wasted spend and"
            " savings are those of all runs."
        )
    if mine.elsewhere:
        jobs = number_of(mine.elsewhere, "job")
        belong = agreeing(mine.elsewhere, "belongs", "belong")
        yield (
            f"{jobs} {belong} mainly to other teams, whose reports have their success rate,"
            " duration, wasted spend and savings."
        )

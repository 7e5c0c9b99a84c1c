"""A proposal → the text of a settings file, with the reasons as comments.

Whatever is commented out becomes a valid setting when its `# ` is removed.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, Decimal
from itertools import islice
from typing import Final

from circleci_usage.config.job_group_settings import job_group_settings
from circleci_usage.core.decimals import ZERO, plain
from circleci_usage.core.periods import ONE_DAY, add_months, month_start
from circleci_usage.core.plurals import agreeing, counted
from circleci_usage.costs.list_price import LIST_CURRENCY, LIST_PRICE, SEAT_CREDITS
from circleci_usage.render.formatting import days, full_day, money, number_of
from circleci_usage.settings_proposal.addresses import SCHEMA_URL, SETTINGS_URL
from circleci_usage.settings_proposal.comments import comment, commented, names_in_words
from circleci_usage.settings_proposal.proposal import Proposal
from circleci_usage.settings_proposal.seen_usage import SeenUsage
from circleci_usage.settings_proposal.team_lines import team_lines

_YEAR: Final = 12
_EXAMPLE_BUDGET: Final = 5_000
_DIGITS: Final = 2
"""Digits of a proposed amount before its zeros."""

_EXAMPLE_TAGS: Final = (
    "tags:",
    '  environment: [{value: production, jobs: ["deploy-*"]}, {value: development, jobs: ["*"]}]',
)

_MOST_GROUPS: Final = 20
_LONGEST_GROUP: Final = 1_000
"""Characters of all its globs."""


def settings_text(proposal: Proposal) -> str:
    """The settings file, ending with a line break."""
    sections = (
        _header(proposal),
        _prices(proposal),
        _billing_cycle(proposal),
        team_lines(proposal),
        _shared_costs(proposal.usage),
        _budgets(proposal),
        _tags(),
        _notifications(),
        _job_groups(proposal.usage),
    )
    return "\n\n".join(map("\n".join, sections)) + "\n"


def _header(proposal: Proposal) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={SCHEMA_URL}"
    yield "#"
    if proposal.is_sample:
        yield from comment(
            "SAMPLE: this is about the sample company of `circleci-usage demo`, not about your"
            " usage."
        )
    yield from comment(f"Settings of circleci-usage: prices, teams, budgets. {_origin(proposal)}")
    yield from comment("A changed setting needs no new export: run `circleci-usage report` again.")
    yield f"# Every setting: {SETTINGS_URL}"


def _origin(proposal: Proposal) -> str:
    usage = proposal.usage
    if usage is None:
        return (
            "There was no usage to propose teams or a budget from. To get some, run"
            " `circleci-usage run`, or download an export; then delete this file and run"
            " `circleci-usage init` again."
        )
    when = f" of {days(usage.days)}" if usage.days else ""
    projects = sum(project.has_name for project in usage.projects)
    organizations = dict.fromkeys(key.organization for key in usage.organizations)
    kind = agreeing(len(organizations), "organization", "organizations")
    return (
        f"Proposed by `circleci-usage init` from the usage{when}:"
        f" {counted(usage.job_runs, 'job run')} in {counted(projects, 'project')} of the {kind}"
        f" {names_in_words(organizations)}. Change what does not fit."
    )


def _prices(proposal: Proposal) -> Iterator[str]:
    yield from comment("The currency of all amounts in this file.")
    yield f"currency: {LIST_CURRENCY}"
    yield ""
    since = min(proposal.days.first, add_months(month_start(proposal.days.last), -_YEAR))
    first = month_start(since)
    if proposal.price != LIST_PRICE:
        yield from comment("CircleCI's list price; shown next to your cost.")
        yield f"list_price_per_credit: {plain(LIST_PRICE)}"
        yield from comment(
            "The price of your contract. When it changes, end this period with `to` and add one."
        )
        yield "pricing:"
        yield f"  - {{from: {first}, price_per_credit: {plain(proposal.price)}}}"
    else:
        yield from comment("CircleCI's list price: 15 USD for 25,000 credits.")
        yield f"list_price_per_credit: {plain(LIST_PRICE)}"
        yield from comment(
            "If your contract has other prices, add them as `pricing`. Both days of a period are"
            " included:"
        )
        yield from commented(_example_prices(proposal, first.isoformat()))
    yield from comment("If your plan includes credits, for example 30,000 a month:")
    yield from commented(["included_credits: {per: month, amount: 30000}"])


def _example_prices(proposal: Proposal, first: str) -> Iterator[str]:
    """Two price periods, so that the usage at hand has a price."""
    changed = add_months(month_start(proposal.days.last), 1)
    yield "pricing:"
    yield f"  - {{from: {first}, to: {changed - ONE_DAY}, price_per_credit: 0.0006}}"
    yield f"  - from: {changed}"
    yield "    price_per_credit: 0.00054"
    yield "    by_credit_type: {user: 0.0006}"


def _billing_cycle(proposal: Proposal) -> Iterator[str]:
    found = proposal.seat_day
    if found.day is None:
        reason = f" It could not be detected: {found.reason}." if found.reason else ""
        yield from comment(
            "The day of the month on which your plan's billing cycle begins; by default, the 1st."
            f"{reason}"
        )
        yield from commented(["billing_cycle_day: 15"])
        return
    yield from comment(
        "The day of the month on which your plan's billing cycle begins. Detected from user seats,"
        f" which are charged on that day: day {found.day} in each of {found.charges} months."
    )
    yield f"billing_cycle_day: {found.day}"


def _tags() -> Iterator[str]:
    yield from comment(
        "What else costs are grouped by, besides teams: the first rule that matches gives the"
        " value. Rules look at the same names as those of teams."
    )
    yield from commented(_EXAMPLE_TAGS)


def _notifications() -> Iterator[str]:
    yield from comment(
        "Who gets a message from `circleci-usage notify`, and when. This one goes to the Slack"
        " webhook in the variable SLACK_WEBHOOK_URL."
    )
    yield from commented(["notify: [{name: everybody, slack: {}, when: [threshold, anomaly]}]"])


def _shared_costs(usage: SeenUsage | None) -> Iterator[str]:
    charged = "User seats are charged to no project."
    if usage and usage.seats:
        last = max(usage.seats)
        charged = f"{_seats(usage.seats[last])} were charged on {full_day(last)}."
    yield from comment(f"{charged} To split their cost among the teams, by the teams' other costs:")
    yield from commented(["shared_costs: {credit_types: [user], split: proportional}"])


def _seats(credits: Decimal) -> str:
    """`63 user seats (1,575,000 credits)`; only the credits where they are not whole seats."""
    seats, rest = divmod(credits, SEAT_CREDITS)
    shown = number_of(credits, "credit")
    return f"{shown} of user seats" if rest else f"{counted(int(seats), 'user seat')} ({shown})"


def _budgets(proposal: Proposal) -> Iterator[str]:
    yield from comment(
        "Budgets. `circleci-usage check` ends with exit code 10 when one is exceeded."
        f" {_spent(proposal)}"
    )
    cost = _last_month_cost(proposal)
    amount = _rounded_up(cost) if cost else _EXAMPLE_BUDGET
    yield from commented(["budgets:", f"  - {{name: everything, per: month, amount: {amount}}}"])


def _spent(proposal: Proposal) -> str:
    cost, usage = _last_month_cost(proposal), proposal.usage
    if not cost or usage is None or usage.last_month is None:
        return "There is no full month of usage to propose an amount from; this one is an example:"
    price = "the list price" if proposal.price == LIST_PRICE else f"{plain(proposal.price)} USD"
    return (
        f"{days(usage.last_month)}, the last full month, cost {money(cost, LIST_CURRENCY)} at"
        f" {price} per credit. The amount is that, rounded up:"
    )


def _last_month_cost(proposal: Proposal) -> Decimal:
    usage = proposal.usage
    return usage.last_month_credits * proposal.price if usage and usage.last_month else ZERO


def _rounded_up(cost: Decimal) -> int:
    """At least the cost, as a number with two digits before the zeros.

    >>> _rounded_up(Decimal("4520.56")), _rounded_up(Decimal("0.2"))
    (4600, 1)
    """
    whole = int(cost.to_integral_value(ROUND_CEILING))
    step: int = 10 ** max(len(str(whole)) - _DIGITS, 0)
    return -(-whole // step) * step


def _job_groups(usage: SeenUsage | None) -> Iterable[str]:
    why = "CircleCI numbers a job that a workflow uses several times: lint-1, lint-2."
    all_groups = usage.job_groups if usage else {}
    short = {
        name: globs for name, globs in all_groups.items() if len("".join(globs)) <= _LONGEST_GROUP
    }
    kept = dict(islice(short.items(), _MOST_GROUPS))
    if not kept:
        yield from comment(f"{why} To list such jobs as one:")
        yield from commented(["job_groups:", '  lint: ["lint-*"]'])
        return
    more = len(all_groups) - len(kept)
    others = f" {more:,} more are left out; the report lists them." if more else ""
    yield from comment(f"{why} These are listed as one job each.{others}")
    yield from job_group_settings(kept).splitlines()

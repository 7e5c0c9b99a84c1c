"""The command that prices a change of CircleCI's config; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

import os
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from circleci_usage.cli import flags, settings
from circleci_usage.cli.applied_settings import applied_settings
from circleci_usage.cli.cost_source import asked_usage
from circleci_usage.cli.display import console_for, show_warnings
from circleci_usage.cli.estimate_flags import (
    DEFAULT_BASE,
    DEFAULT_HEAD,
    Base,
    EstimateFlags,
    Head,
    PullRequestFlags,
)
from circleci_usage.cli.flag_groups import (
    FilesPeriodFlags,
    JsonFlags,
    PriceFlags,
    StoreFlag,
    expand_flag_groups,
)
from circleci_usage.cli.json_output.document import begin_json
from circleci_usage.cli.project_choice import chosen_project
from circleci_usage.cli.value_sources import written_in
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.progress import SystemClock

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.estimate.records import Estimate
    from circleci_usage.pull_requests.commenting import Commenting

OVER_LIMIT: Final = 10
"""Exit code: the change costs more than it may; as of a budget that is exceeded."""


@expand_flag_groups
def estimate(
    context: typer.Context,
    asked: EstimateFlags,
    days: FilesPeriodFlags,
    store: StoreFlag,
    prices: PriceFlags,
    after: PullRequestFlags,
    shown: JsonFlags,
    *,
    base: Base = DEFAULT_BASE,
    head: Head = DEFAULT_HEAD,
    paths: flags.Paths = None,
) -> None:
    """Estimate what a change of CircleCI's config costs a month, before it is merged.

    Compares the jobs of two configs and prices what differs by the runs that they
    had: class, executor, containers, layer caching, schedules, new and removed
    jobs. Exit code 10: it costs more than --fail-above.

    [dim]circleci-usage estimate[/dim]

    [dim]circleci-usage estimate main feature --fail-above 50[/dim]

    [dim]circleci-usage estimate before.yml after.yml exports/ --project web --markdown[/dim]
    """
    from circleci_usage.circleci_config.compared_files import compared_configs
    from circleci_usage.cli.job_history_source import history_of_project
    from circleci_usage.cli.json_output.estimate_members import estimate_members
    from circleci_usage.estimate.estimate import estimate_change

    output, clock = begin_json(context, shown), SystemClock()
    console = console_for(shown, output)
    _refuse_both(after, shown)
    commenting = _commenting(context, after, console)
    chosen = settings.period_from_flags(context, days, clock, in_files=bool(paths))
    show_warnings(console, chosen.warnings)
    applied = applied_settings(context, prices.config, prices.price_per_credit)
    # Before usage is read, which may take minutes.
    before_and_after = compared_configs(Path(), base, head)
    usage = asked_usage(context, paths, store.store, chosen, applied, console, allow_unpriced=False)
    choose = partial(chosen_project, name=asked.project, folders=[Path()])
    history = history_of_project(usage, choose, clock.now())
    found = estimate_change(*before_and_after, history)
    limit = asked.limit
    output.add(**estimate_members(found, limit))
    _show(found, console, markdown=after.markdown)
    if commenting:
        _comment(found, commenting, console)
    if _is_above(found, limit, console):
        raise typer.Exit(OVER_LIMIT)


def _refuse_both(after: PullRequestFlags, shown: JsonFlags) -> None:
    if after.markdown and shown.json:
        raise SettingsError("--markdown and --json contradict each other; choose one of them.")


def _commenting(
    context: typer.Context, after: PullRequestFlags, console: "Console"
) -> "Commenting | None":
    """What comments on the pull request; None where that is not wanted, or there is none."""
    if not after.github_comment:
        return None
    from circleci_usage.pull_requests.commenting import commenting_of

    setting = written_in(context, "github_api_url")
    clock = SystemClock()
    found = commenting_of(os.environ, after.github_api_url, setting, clock, console)
    if found is None:
        console.warn(
            "This job runs for no pull request (CIRCLE_PULL_REQUEST is not set), so there is"
            " nothing to comment on."
        )
    return found


def _show(found: "Estimate", console: "Console", *, markdown: bool) -> None:
    from circleci_usage.render.text.estimate_markdown import estimate_markdown
    from circleci_usage.render.text.estimate_tables import estimate_table

    if markdown:
        console.records(estimate_markdown(found))
    else:
        console.result(estimate_table(found))


def _comment(found: "Estimate", commenting: "Commenting", console: "Console") -> None:
    from circleci_usage.render.text.estimate_markdown import MARKER, estimate_markdown

    with console.task("Commenting on the pull request"):
        done = commenting.post(MARKER, estimate_markdown(found))
    console.say(f"Comment {done}: {commenting.pull_request}")


def _is_above(found: "Estimate", limit: Decimal | None, console: "Console") -> bool:
    """Whether the change costs more than it may; says so."""
    from circleci_usage.render.formatting import money

    if limit is None or found.change.cost <= limit:
        return False
    cost, most = (money(amount, found.currency) for amount in (found.change.cost, limit))
    console.warn(f"The change costs {cost} more a month, above --fail-above {most}.")
    return True

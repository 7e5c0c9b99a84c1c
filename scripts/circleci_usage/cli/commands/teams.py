"""The command that answers which team pays for what; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

from typing import Annotated

import typer

from circleci_usage.cli import flags, settings
from circleci_usage.cli.applied_settings import applied_settings
from circleci_usage.cli.cost_source import asked_usage
from circleci_usage.cli.display import console_for, show_warnings
from circleci_usage.cli.flag_groups import (
    FilesPeriodFlags,
    JsonFlags,
    StoreFlag,
    WarehousePriceFlags,
    expand_flag_groups,
)
from circleci_usage.cli.json_output.document import begin_json
from circleci_usage.core.progress import SystemClock

Explain = Annotated[
    str | None,
    typer.Option(
        "--explain",
        metavar="NAME",
        help=(
            "Explain who owns a project or job: PROJECT, PROJECT/JOB, or either after its"
            " organization and a slash."
        ),
        show_default=False,
    ),
]


@expand_flag_groups
def teams(
    context: typer.Context,
    days: FilesPeriodFlags,
    store: StoreFlag,
    prices: WarehousePriceFlags,
    shown: JsonFlags,
    *,
    paths: flags.Paths = None,
    explain: Explain = None,
) -> None:
    """Show what each team costs, what none owns, or which rule owns a project or job.

    Costs that no team owns are listed by project, with lines for the settings
    file that would allocate them. Makes no network requests.

    [dim]circleci-usage teams --period last-month[/dim]

    [dim]circleci-usage teams --explain web/deploy[/dim]
    """
    from circleci_usage.cli.json_output.team_members import ownership_members, team_members
    from circleci_usage.cli.team_source import costs_of_teams, explained, rule_warnings
    from circleci_usage.render.text.team_tables import ownership_text, team_cost_tables

    output = begin_json(context, shown)
    console = console_for(shown, output)
    chosen = settings.period_from_flags(context, days, SystemClock(), in_files=bool(paths))
    show_warnings(console, chosen.warnings)
    applied = applied_settings(context, prices.config, prices.price_per_credit)
    asked = asked_usage(
        context,
        paths,
        store.store,
        chosen,
        applied,
        console,
        allow_unpriced=prices.allow_unpriced,
    )
    show_warnings(console, rule_warnings(asked))
    if explain is None:
        costs = costs_of_teams(asked)
        output.add(**team_members(costs))
        console.result(team_cost_tables(costs))
    else:
        found = explained(asked, explain)
        output.add(**ownership_members(found))
        console.result(ownership_text(found))

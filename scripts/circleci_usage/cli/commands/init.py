"""`init`: writes a first settings file and shows the job that uses it; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from circleci_usage.cli import flags
from circleci_usage.cli.applied_settings import price_override
from circleci_usage.cli.display import console_for, show_warnings
from circleci_usage.cli.flag_groups import (
    ConsoleFlags,
    PriceFlags,
    SettingsFileFlag,
    StoreFlag,
    expand_flag_groups,
)
from circleci_usage.cli.settings_path import new_settings_path, settings_path
from circleci_usage.cli.value_sources import COMMAND_LINE, is_from, written_in
from circleci_usage.core.ci import in_ci
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.progress import SystemClock
from circleci_usage.core.untrusted_text import inert
from circleci_usage.costs.list_price import LIST_PRICE

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.settings_proposal.proposal import Proposal
    from circleci_usage.settings_proposal.seen_usage import SeenUsage
    from circleci_usage.usage.engine import Source

_INTERRUPTED: Final = 130
_INPUT: Final = 0
_ERRORS: Final = 2

FromDemo = Annotated[
    bool,
    typer.Option(
        "--from-demo", help="Propose from the demo's sample company, not from your usage."
    ),
]
PrintOnly = Annotated[
    bool, typer.Option("--print", help="Print the settings file; write nothing, ask nothing.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Accept what is proposed; ask nothing.")]


@dataclass(frozen=True)
class InitFlags(ConsoleFlags, StoreFlag):
    """What a proposal is made from, and where it goes."""

    config: flags.Config = field(
        default=SettingsFileFlag.config,
        metadata={
            "help": "Settings file to write.",
            "show_default": ".circleci/usage.yml at the repository's root",
            "rich_help_panel": None,
        },
    )
    price_per_credit: flags.PricePerCredit = field(
        default=PriceFlags.price_per_credit,
        metadata={
            "help": "Price per credit of your contract.",
            "show_default": f"{LIST_PRICE}, the list price",
            "rich_help_panel": None,
        },
    )
    from_demo: FromDemo = False
    print_only: PrintOnly = False
    yes: Yes = False


@expand_flag_groups
def init(context: typer.Context, given: InitFlags, *, paths: flags.Paths = None) -> None:
    """Write a settings file with proposed teams, and print the job for .circleci/config.yml.

    What is proposed comes from your usage: the given files, or else the store.
    An existing file is never overwritten. Makes no network requests.

    [dim]circleci-usage init[/dim]

    [dim]circleci-usage init exports/ --yes[/dim]

    [dim]circleci-usage init --from-demo --print[/dim]
    """
    from circleci_usage.cli.commands.init_steps import show_next_steps
    from circleci_usage.settings_proposal.proposal import propose

    console = console_for(given)
    target = given.config or new_settings_path()
    if not given.print_only:
        _refuse_existing(given.config, target)
    price = price_override(given.price_per_credit, written_in(context, "price_per_credit"))
    is_store_named = is_from(context, "store", COMMAND_LINE)
    usage = _usage(paths, given, console, must_exist=is_store_named)
    proposal = propose(usage, SystemClock().now().date(), is_sample=given.from_demo)
    if price is not None:
        proposal = replace(proposal, price=price)
    if given.print_only:
        _print_settings(proposal, console)
        return
    if not (given.yes or given.quiet) and _is_at_a_terminal():
        proposal = _decided(proposal, console, price_is_given=price is not None)
    _write(proposal, target)
    from_store = ["--store", str(given.store)] if is_store_named else []
    show_next_steps(console, proposal, target, [*(paths or ()), *from_store])


def _decided(proposal: "Proposal", console: "Console", *, price_is_given: bool) -> "Proposal":
    from circleci_usage.cli.commands.init_questions import ask_about

    try:
        return ask_about(proposal, price_is_given=price_is_given)
    except EOFError:
        console.error("The input ended before the answer. Nothing was written; rerun with --yes.")
        raise typer.Exit(_INTERRUPTED) from None


def _is_at_a_terminal() -> bool:
    """Whether somebody can answer; the terminal of a CI job has nobody in front of it."""
    return os.isatty(_INPUT) and os.isatty(_ERRORS) and not in_ci(os.environ)


def _refuse_existing(config: Path | None, target: Path) -> None:
    """Refuse before anything is read or asked; writing refuses again.

    Raises:
        SettingsError: there is a settings file already, whatever its ending.
    """
    from circleci_usage.config.settings_location import SETTINGS_NAMES

    found = settings_path(None) if config is None else None
    names = {name.name for name in SETTINGS_NAMES}
    same = [target.with_name(name) for name in sorted(names)] if target.name in names else [target]
    existing = found or next(filter(os.path.lexists, same), None)
    if existing:
        raise SettingsError(
            f"{inert(existing)} already exists and is never overwritten. To compare, print a"
            " proposal with --print; to write one elsewhere, choose --config PATH; to replace the"
            " file, delete it first."
        )


def _usage(
    paths: list[str] | None, given: InitFlags, console: "Console", *, must_exist: bool
) -> "SeenUsage | None":
    """The usage to propose from; None if there is none.

    Raises:
        SettingsError: what a flag or argument names has none.
        DataError: a file is damaged or is not a usage export.
    """
    from circleci_usage.cli.inputs import found_parts
    from circleci_usage.usage.polars.engine import on_this_machine

    if given.from_demo:
        if paths:
            raise SettingsError("Give either files or --from-demo, not both.")
        from circleci_usage.demo.sample_usage import sample_usage

        console.say("Generating the usage of the sample company.")
        with sample_usage() as source:
            return _read(source, console)
    if not paths and not must_exist and not _has_usage(given.store):
        console.warn(
            f"The store {inert(given.store)} has no usage to propose teams or a budget from. Get"
            " some with `circleci-usage run`, or name the files of an export: `circleci-usage init"
            " exports/`."
        )
        return None
    return _read(on_this_machine(found_parts(paths, given.store)), console)


def _has_usage(store: Path) -> bool:
    from circleci_usage.export.ledger import WITH_USAGE
    from circleci_usage.export.store import Store

    return any(window.state in WITH_USAGE for window in Store(store).ledger.windows)


def _read(source: "Source", console: "Console") -> "SeenUsage":
    from circleci_usage.settings_proposal.seen_usage import seen_usage
    from circleci_usage.usage.aggregates import MAIN_BRANCHES
    from circleci_usage.usage.daily_usage import daily_usage
    from circleci_usage.usage.name_patterns import NamePatterns

    what = f"Reading {source.extent}"
    console.say(f"{what}.")
    show_warnings(console, source.warnings)
    with console.task(what, None):
        usage = daily_usage(source.read(None, NamePatterns(MAIN_BRANCHES)))
    show_warnings(console, usage.warnings)
    if not usage.rows:
        console.warn("There are no job runs in it, so no teams and no budget are proposed.")
    return seen_usage(usage, source.complete)


def _print_settings(proposal: "Proposal", console: "Console") -> None:
    from rich.text import Text

    from circleci_usage.settings_proposal.settings_text import settings_text

    # As Text: a name must stay as it is, even where it looks like a token.
    console.result(Text(settings_text(proposal).rstrip("\n")))


def _write(proposal: "Proposal", target: Path) -> None:
    from circleci_usage.core.atomic_files import write_new_text
    from circleci_usage.settings_proposal.settings_text import settings_text

    write_new_text(target, settings_text(proposal))

"""The command that writes savings into CircleCI's configuration; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from circleci_usage.cli import flags, settings
from circleci_usage.cli.applied_settings import applied_settings
from circleci_usage.cli.config_source import config_of
from circleci_usage.cli.cost_source import asked_usage
from circleci_usage.cli.display import console_for, say_lines, show_warnings
from circleci_usage.cli.flag_groups import (
    FilesPeriodFlags,
    JsonFlags,
    StoreFlag,
    WarehousePriceFlags,
    expand_flag_groups,
)
from circleci_usage.cli.json_output.document import begin_json
from circleci_usage.cli.optimize_flags import DEFAULT_CONFIG, ChangeFlags, ConfigPath
from circleci_usage.cli.project_choice import chosen_project
from circleci_usage.core.progress import SystemClock
from circleci_usage.core.untrusted_text import inert

if TYPE_CHECKING:
    from circleci_usage.analysis.savings.actions import Certainty
    from circleci_usage.circleci_config.jobs import CircleConfig
    from circleci_usage.cli.console import Console
    from circleci_usage.cli.cost_source import AskedUsage
    from circleci_usage.cli.savings_source import ProjectSavings
    from circleci_usage.optimize import Plan


@dataclass(frozen=True)
class _Changed:
    """What the command does.

    Attributes:
        savings: of the project.
        plan: what is changed, and what is not.
        texts: the changed files, with their new text.
        diff: the change; empty without any.
    """

    savings: "ProjectSavings"
    plan: "Plan"
    texts: Mapping[Path, str]
    diff: str


@expand_flag_groups
def optimize(
    context: typer.Context,
    change: ChangeFlags,
    days: FilesPeriodFlags,
    store: StoreFlag,
    prices: WarehousePriceFlags,
    shown: JsonFlags,
    *,
    circleci_config: ConfigPath = DEFAULT_CONFIG,
    paths: flags.Paths = None,
) -> None:
    """Write savings into CircleCI's configuration: a diff, or the changed files.

    Changes resource classes, parallelism and Docker layer caching of jobs, and
    nothing else. What cannot be changed in these files is listed with the reason.
    Makes no network requests.

    [dim]circleci-usage optimize --only certain --write[/dim]

    [dim]circleci-usage optimize .circleci/config.yml exports/ --markdown[/dim]
    """
    from circleci_usage.cli.json_output.optimize_members import plan_members
    from circleci_usage.optimize.writing import refuse_uncommitted, write_files

    output = begin_json(context, shown)
    console = console_for(shown, output)
    config = config_of(circleci_config)
    show_warnings(console, _unread(config))
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
    changed = _changed(asked, config, change)
    output.add(**plan_members(changed.plan, changed.savings), diff=changed.diff, written=False)
    output.add(pull_request=_markdown(changed))
    if change.write:
        if not change.force:
            refuse_uncommitted(changed.texts)
        write_files(config.texts, changed.texts)
        output.add(written=True)
        say_lines(console, (f"Changed {inert(path)}." for path in changed.texts))
    _show(changed, change, console, in_document=output.wanted)


def _unread(config: "CircleConfig") -> Iterator[str]:
    for part in config.unread:
        yield f"{inert(part.file)}, line {part.line}: {part.reason}."


def _changed(asked: "AskedUsage", config: "CircleConfig", change: ChangeFlags) -> _Changed:
    from circleci_usage.circleci_config.reader import read_config
    from circleci_usage.cli.savings_source import savings_of_project
    from circleci_usage.optimize import edited_texts, plan_changes, unified_diff

    folders = dict.fromkeys(file.parent for file in config.texts)
    choose = partial(chosen_project, name=change.project, folders=folders)
    savings = savings_of_project(asked, choose, SystemClock().now())
    group_names = asked.settings.job_groups.renamed(
        name for job in config.jobs for name in (job.name, *job.other_names)
    )
    sure: tuple[Certainty, ...] = (change.only.value,) if change.only else ("certain", "likely")
    plan = plan_changes(savings.actions, config, sure, group_names)
    texts = edited_texts(config, plan.edits, read_config)
    return _Changed(savings, plan, texts, unified_diff(config.texts, texts))


def _markdown(changed: _Changed) -> str:
    from circleci_usage.render.text.config_changes import ChangedProject, pull_request

    savings = changed.savings
    project = ChangedProject(savings.project.full, savings.period, savings.currency)
    return pull_request(changed.plan, project)


def _show(changed: _Changed, change: ChangeFlags, console: "Console", *, in_document: bool) -> None:
    """The change on standard output; what it saves and what is not changed beside it."""
    from circleci_usage.render.text.config_changes import change_summary

    lines = change_summary(changed.plan, changed.savings.currency)
    if change.write and not change.markdown:
        console.result("\n".join(lines))
    else:
        say_lines(console, lines)
    if in_document:
        return
    if change.markdown:
        console.records(_markdown(changed))
    elif not change.write and changed.diff:
        console.records(changed.diff)

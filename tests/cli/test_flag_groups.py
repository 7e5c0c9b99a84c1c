"""Flags are declared in groups; Typer sees single flags, with the same default in every command."""

import inspect
from collections import defaultdict

import typer.main

from circleci_usage.cli.app import app
from circleci_usage.cli.commands import export
from circleci_usage.cli.flag_groups import (
    ConsoleFlags,
    ExportFlags,
    PeriodFlags,
    PushFlags,
    StoreFlag,
    expand_flag_groups,
)
from circleci_usage.push.datadog.defaults import MAX_SERIES

COMMANDS = dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
OWN_OUTPUT = {"demo", "merge", "check"}
"""Two have a default of their own, and one has the flag only as the former name of another."""


def test_a_group_is_expanded_into_its_flags_and_built_from_their_values() -> None:
    @expand_flag_groups
    def command(number: int, console: ConsoleFlags, store: StoreFlag) -> tuple[object, ...]:
        return number, console, store

    parameters = inspect.signature(command).parameters

    assert list(parameters) == ["number", "quiet", "verbose", "store"]
    assert parameters["store"].default == StoreFlag().store
    assert command(number=1, quiet=True, verbose=False, store="there") == (
        1,
        ConsoleFlags(quiet=True),
        StoreFlag("there"),  # type: ignore[arg-type]
    )


def test_groups_that_share_a_flag_get_the_same_value() -> None:
    @expand_flag_groups
    def command(store: StoreFlag, exporting: ExportFlags) -> bool:
        return store.store is exporting.store

    values = {name: each.default for name, each in inspect.signature(command).parameters.items()}

    assert command(**values)


def test_run_and_export_have_the_same_flags_for_the_same_things() -> None:
    of_run, of_export = (inspect.signature(each).parameters for each in (export.run, export.export))

    assert set(of_export) <= set(of_run)
    assert all(of_run[name] == of_export[name] for name in of_export)


def test_a_flag_has_one_default_whatever_the_command() -> None:
    defaults = defaultdict(set)
    for name, command in COMMANDS.items():
        for parameter in command.params:
            if parameter.name != "output" or name not in OWN_OUTPUT:
                defaults[parameter.name].add(str(parameter.default))

    assert {name: found for name, found in defaults.items() if len(found) > 1} == {}
    assert defaults["period"] == {PeriodFlags().period}


def test_the_default_of_max_series_is_that_of_the_push() -> None:
    assert PushFlags().max_series == MAX_SERIES

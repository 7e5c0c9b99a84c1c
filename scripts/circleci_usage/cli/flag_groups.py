"""Flags in groups: frozen dataclasses that commands share, each default said once.

A command takes groups as parameters; `expand_flag_groups` shows their fields to Typer as single
flags. A group extends smaller ones, so that each command takes no more flags than it needs. Where
a flag's declaration differs by command, the metadata of its field replace parts of it, such as the
help.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, fields, is_dataclass
from functools import wraps
from inspect import Parameter
from typing import Annotated, Any, Final, TypeVar, get_args, get_type_hints

from circleci_usage.cli import datadog_flags, flags, focus_flags, push_flags
from circleci_usage.core.periods import PERIOD_NAMES
from circleci_usage.core.plurals import enumerated
from circleci_usage.export import defaults
from circleci_usage.push.datadog import defaults as datadog
from circleci_usage.push.prometheus import defaults as prometheus
from circleci_usage.schema.report_files import AUTO, FOCUS_DETAILS, FOCUS_VERSIONS

_Result = TypeVar("_Result")

_OF_DATADOG: Final = {"rich_help_panel": datadog_flags.PANEL}


@dataclass(frozen=True)
class PeriodNameFlag:
    """A period by its name."""

    period: flags.PeriodName = "last-month"


@dataclass(frozen=True)
class PeriodFlags(PeriodNameFlag):
    """A period by its name or its days."""

    first: flags.From = None
    last: flags.To = None


@dataclass(frozen=True)
class FilesPeriodFlags(PeriodFlags):
    """A period of files or of the store."""

    period: flags.PeriodName = field(
        default=PeriodNameFlag.period,
        metadata={"show_default": "all days of the files; of the store, last-month"},
    )
    last: flags.To = field(
        default=PeriodFlags.last,
        metadata={"show_default": "the last day of the files; of the store, yesterday"},
    )


@dataclass(frozen=True)
class SamplePeriodFlag(PeriodNameFlag):
    """A period of the demo."""

    period: flags.PeriodName = field(
        default=PeriodNameFlag.period,
        metadata={"help": f"Period: {enumerated(PERIOD_NAMES, 'or')}."},
    )


@dataclass(frozen=True)
class StoreFlag:
    """The store."""

    store: flags.Store = flags.DEFAULT_STORE


@dataclass(frozen=True)
class OrganizationFlags(StoreFlag):
    """The store and the organizations whose usage it has."""

    org_id: flags.OrgIds = None


@dataclass(frozen=True)
class KnownOrganizationFlags(OrganizationFlags):
    """The store, and organizations that it knows."""

    org_id: flags.OrgIds = field(
        default=OrganizationFlags.org_id, metadata={"show_default": "those of the store"}
    )


@dataclass(frozen=True)
class SentCostsFlag(StoreFlag):
    """The store, for what it says about Datadog."""

    store: flags.Store = field(
        default=StoreFlag.store,
        metadata={"help": "Local store; it remembers which Custom Costs were sent."},
    )


@dataclass(frozen=True)
class InsecureFlag:
    """Whether plain HTTP to other machines is allowed."""

    allow_insecure: flags.AllowInsecure = False


@dataclass(frozen=True)
class AddressFlag:
    """Where CircleCI's API is."""

    circleci_url: flags.CircleCIUrl = "https://circleci.com"


@dataclass(frozen=True)
class CircleCIFlags(AddressFlag, InsecureFlag, OrganizationFlags):
    """CircleCI and what is exported from it."""


@dataclass(frozen=True)
class ExportFlags(CircleCIFlags):
    """How usage is exported."""

    poll_seconds: flags.PollSeconds = defaults.POLL_SECONDS
    max_wait: flags.MaxWait = defaults.MAX_WAIT
    max_store_size: flags.MaxStoreSize = defaults.MAX_STORE_GB
    max_ratio: flags.MaxRatio = defaults.MAX_RATIO


@dataclass(frozen=True)
class SettingsFileFlag:
    """The settings file."""

    config: flags.Config = None


@dataclass(frozen=True)
class PriceFlags(SettingsFileFlag):
    """The settings file, and a price that overrides it."""

    price_per_credit: flags.PricePerCredit = None


@dataclass(frozen=True)
class WarehousePriceFlags(PriceFlags):
    """The settings file and prices of a warehouse."""

    allow_unpriced: flags.AllowUnpriced = False


@dataclass(frozen=True)
class SamplePriceFlags(PriceFlags):
    """The settings file and prices of the demo."""

    config: flags.Config = field(
        default=SettingsFileFlag.config, metadata={"show_default": "the sample company's"}
    )
    price_per_credit: flags.PricePerCredit = field(
        default=PriceFlags.price_per_credit, metadata={"show_default": "that of the settings file"}
    )


@dataclass(frozen=True)
class OutputFlag:
    """The report folder."""

    output: flags.Output = flags.DEFAULT_OUTPUT


@dataclass(frozen=True)
class SampleOutputFlag(OutputFlag):
    """The report folder of the demo."""

    output: flags.Output = field(
        default=flags.SAMPLE_OUTPUT, metadata={"show_default": str(flags.SAMPLE_OUTPUT)}
    )


@dataclass(frozen=True)
class ReportToReadFlag:
    """The report folder that a command reads."""

    report: flags.ReportToRead = flags.DEFAULT_OUTPUT


@dataclass(frozen=True)
class ReportFolderFlags(ReportToReadFlag):
    """The same, by the flag's present or former name."""

    output: flags.FormerOutput = None


@dataclass(frozen=True)
class ReportFlags(OutputFlag, PriceFlags):
    """What is reported, and which files are written."""

    allow_unpriced: flags.AllowUnpriced = False
    merged: flags.Merged = True
    team_reports: flags.TeamReports = True
    focus_version: focus_flags.FocusVersion = FOCUS_VERSIONS[0]
    focus_grain: focus_flags.FocusGrain = AUTO
    focus_gzip: focus_flags.FocusGzip = False
    focus_detail: focus_flags.FocusDetail = FOCUS_DETAILS[0]
    export_for: flags.ExportFor = None


@dataclass(frozen=True)
class EngineFlags:
    """What reads the usage."""

    engine: flags.EngineName = flags.Engine.POLARS
    spark_master: flags.SparkMaster = None


@dataclass(frozen=True)
class DatadogFlags(InsecureFlag):
    """Where Datadog is."""

    datadog_site: datadog_flags.DatadogSite = datadog.DEFAULT_SITE
    datadog_url: datadog_flags.DatadogUrl = None


@dataclass(frozen=True)
class SendToDatadogFlags(DatadogFlags):
    """Whether a report is sent to Datadog, and where that is."""

    datadog: datadog_flags.Datadog = False


@dataclass(frozen=True)
class SeriesFlags:
    """The tags of a push, and how many series they may make."""

    tags: push_flags.PushTags = None
    without_tags: push_flags.WithoutTags = None
    max_series: push_flags.MaxSeries = prometheus.MAX_SERIES


@dataclass(frozen=True)
class PushFlags(DatadogFlags):
    """Where Datadog is, and what it is sent."""

    mode: datadog_flags.PushMode = "snapshot"
    tags: push_flags.PushTags = field(default=SeriesFlags.tags, metadata=_OF_DATADOG)
    without_tags: push_flags.WithoutTags = field(
        default=SeriesFlags.without_tags, metadata=_OF_DATADOG
    )
    max_series: push_flags.MaxSeries = field(
        default=datadog.MAX_SERIES,
        metadata={
            **_OF_DATADOG,
            "help": "Maximum number of series; Datadog bills each as a custom metric.",
        },
    )
    historical_metrics_enabled: datadog_flags.HistoricalMetricsEnabled = False
    enable_historical: datadog_flags.EnableHistorical = False
    custom_costs: datadog_flags.CustomCosts = False


@dataclass(frozen=True)
class DryRunFlag:
    """Whether a push is only shown."""

    dry_run: push_flags.DryRun = False


@dataclass(frozen=True)
class ConsoleFlags:
    """How much is shown on the terminal: every command has these."""

    quiet: flags.Quiet = False
    verbose: flags.Verbose = False


@dataclass(frozen=True)
class JsonFlags(ConsoleFlags):
    """How much is shown on the terminal, or the result as a JSON document."""

    json: flags.Json = False


def expand_flag_groups(command: Callable[..., _Result]) -> Callable[..., _Result]:
    """Turn each parameter of a command that is a dataclass into one parameter per field.

    When two groups have a flag of the same name, both get its value.

        >>> @expand_flag_groups
        ... def prune(folder: StoreFlag, shown: ConsoleFlags) -> str:
        ...     return f"{folder.store}, quiet: {shown.quiet}"
        >>> list(inspect.signature(prune).parameters)
        ['store', 'quiet', 'verbose']
        >>> prune(store="here", quiet=True, verbose=False)
        'here, quiet: True'
    """
    groups: dict[str, type[Any]] = {}
    single: list[str] = []
    parameters: dict[str, Parameter] = {}
    for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
        if _is_group(parameter.annotation):
            groups[name] = parameter.annotation
            for flag in _flags_of(parameter.annotation):
                parameters.setdefault(flag.name, flag)
        else:
            single.append(name)
            parameters[name] = parameter.replace(kind=Parameter.KEYWORD_ONLY)

    @wraps(command)
    def expanded(**values: Any) -> _Result:  # noqa: ANN401 - whatever Typer has parsed
        given = {name: values[name] for name in single}
        for name, group in groups.items():
            given[name] = group(**{flag.name: values[flag.name] for flag in fields(group)})
        return command(**given)

    annotations = {name: parameter.annotation for name, parameter in parameters.items()}
    expanded.__annotations__ = annotations
    expanded.__signature__ = inspect.Signature(list(parameters.values()))  # type: ignore[attr-defined]
    return expanded


def _is_group(annotation: object) -> bool:
    return is_dataclass(annotation)


def _flags_of(group: type[Any]) -> Iterator[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for flag in fields(group):
        yield Parameter(
            flag.name,
            Parameter.KEYWORD_ONLY,
            default=flag.default,
            annotation=_with_changes(hints[flag.name], flag.metadata),
        )


def _with_changes(annotation: Any, changes: Mapping[str, str | None]) -> Any:  # noqa: ANN401 - a type
    """The annotation of a flag, with what the metadata of a field tell about it instead."""
    if not changes:
        return annotation
    kind, declared = get_args(annotation)
    changed = copy(declared)
    for name, text in changes.items():
        setattr(changed, name, text)
    return Annotated[kind, changed]

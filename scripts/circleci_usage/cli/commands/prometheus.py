"""The command that writes for Prometheus: `push prometheus`; see app.py."""
# ruff: noqa: PLC0415 - as in app.py

from circleci_usage.cli import push_flags, settings
from circleci_usage.cli.commands.push_report import push_report
from circleci_usage.cli.display import console_for
from circleci_usage.cli.flag_groups import (
    ConsoleFlags,
    DryRunFlag,
    ReportToReadFlag,
    SeriesFlags,
    expand_flag_groups,
)
from circleci_usage.core.progress import SystemClock


@expand_flag_groups
def prometheus(
    reports: ReportToReadFlag,
    series: SeriesFlags,
    dry: DryRunFlag,
    shown: ConsoleFlags,
    *,
    output: push_flags.PrometheusFile,
) -> None:
    """Write a report folder's metrics to a file for Prometheus, through node_exporter.

    The file is replaced as a whole. Every report folder has the same metrics
    with the default tags in metrics.prom.

    [dim]circleci-usage push prometheus --output textfile/circleci_usage.prom --dry-run[/dim]

    [dim]circleci-usage push prometheus --output circleci_usage.prom --without-tags project[/dim]
    """
    from circleci_usage.push.prometheus.target import PrometheusTarget

    console = console_for(shown)
    options = settings.prometheus_options(series, output)
    target = PrometheusTarget(options, progress=console)
    push_report(target, reports.report, options, console, SystemClock(), dry_run=dry.dry_run)

"""What `push` does whatever the target: read samples, plan, then show or send the plan."""
# ruff: noqa: PLC0415 - as in app.py

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.core.progress import Clock
    from circleci_usage.push.report_samples import SampleOptions
    from circleci_usage.push.target import PlanT, PushTarget


def push_report(
    target: "PushTarget[PlanT]",
    output: Path,
    options: "SampleOptions",
    console: "Console",
    clock: "Clock",
    *,
    dry_run: bool,
) -> str:
    """Read the samples of a report folder, and send them to any target or show its plan.

    Returns what was sent, in a sentence.
    """
    from circleci_usage.cli.starting_lines import line as starting_line
    from circleci_usage.core.untrusted_text import inert
    from circleci_usage.push.report_samples import read_samples

    samples = read_samples(output, options, clock.now())
    console.say(starting_line("Report", f"{inert(output)}, {samples.report.period}"))
    plan = target.plan(samples)
    if dry_run:
        for line in target.describe(plan):
            console.result(line)
        return "Nothing was sent."
    for warning in plan.warnings:
        console.warn(warning)
    summary = target.send(plan).summary
    console.say(summary)
    return summary

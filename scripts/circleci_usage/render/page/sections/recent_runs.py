"""The strips of the latest runs: a bar for each, in time order."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from circleci_usage.analysis.recent_runs import RecentRun, RecentRuns
from circleci_usage.render.charts.run_bars import STRIP_AXIS, Stroke, run_bars
from circleci_usage.render.formatting import day, duration, number, number_of, visible_name
from circleci_usage.render.page.tables import Cell, workflow_cell
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.usage.chosen_names import RECENT_RUNS

_STRIPS: Final = 6

_OUTCOMES: Final = {
    "succeeded": "passed",
    "failed": "failed",
    "canceled": "canceled",
    "on_hold": "on hold",
    "running": "running",
}


class RunBar(NamedTuple):
    """A run: its bar, what is said of it, and its pipeline at CircleCI if that is known."""

    bar: Stroke
    tip: str
    link: str


@dataclass(frozen=True)
class RunStrip:
    """The latest runs of a workflow.

    Attributes:
        name: the workflow.
        label: what the strip shows, in words.
        bars: the oldest first.
        most: the duration at which bars end; empty where no times are known.
        failed: the latest run that failed; None where none did.
    """

    name: Cell
    label: str
    bars: Sequence[RunBar]
    most: str
    failed: RunBar | None

    @property
    def box(self) -> tuple[int, int]:
        """The size of its box: all strips have bars of one width, and the latest on the right."""
        return RECENT_RUNS, STRIP_AXIS * self.halves

    @property
    def first(self) -> int:
        """Where the box begins; the first bar begins at 0."""
        return len(self.bars) - RECENT_RUNS

    @property
    def halves(self) -> int:
        """Whether there is a half below the axis, too."""
        return 2 if self.failed else 1

    @property
    def has_links(self) -> bool:
        """Whether any of its bars leads to CircleCI."""
        return any(bar.link for bar in self.bars)


def run_strips(view: ReportView) -> list[RunStrip]:
    """Those of the workflows with the most credits."""
    return [_strip(each, view) for each in view.report.findings.recent_runs[:_STRIPS]]


def _strip(recent: RecentRuns, view: ReportView) -> RunStrip:
    bars = [*_bars(recent, view)]
    of_failed = [bar for bar in bars if bar.bar.kind == "failed"]
    most = recent.most_seconds
    return RunStrip(
        name=workflow_cell(recent.key, view),
        label=f"{number_of(len(bars), 'run')}: {_counted(recent.runs)}",
        bars=bars,
        most="" if most is None else duration(most),
        failed=of_failed[-1] if of_failed else None,
    )


def _bars(recent: RecentRuns, view: ReportView) -> Iterator[RunBar]:
    project = recent.key.project_key
    strokes = run_bars(recent.runs, recent.most_seconds)
    for run, stroke in zip(recent.runs, strokes, strict=True):
        link = view.circleci.pipeline(project, run.pipeline_number)
        yield RunBar(stroke, _tip(run), link or "")


def _tip(run: RecentRun) -> str:
    """`Mar 3, failed, 2m 05s, main`."""
    parts = (
        day(run.day) if run.day else "",
        _OUTCOMES[run.outcome],
        "" if run.seconds is None else duration(run.seconds),
        "" if run.branch is None else visible_name(run.branch),
    )
    return ", ".join(filter(None, parts))


def _counted(runs: Sequence[RecentRun]) -> str:
    """`80 passed, 15 failed`."""
    counts = Counter(run.outcome for run in runs)
    told = [f"{number(counts[name])} {word}" for name, word in _OUTCOMES.items() if counts[name]]
    return ", ".join(told)

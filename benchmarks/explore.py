"""`python -m benchmarks.explore`: how fast explore.html is in headless Chromium.

The page has as many lines as wanted, of 13 months. Measured are the time until the first view is
painted, the time from a change of the address until its view is painted, and the memory of the
script: what it keeps, and with what has not been cleared away yet. The CPU time of the page's main
thread is shown too, because it does not depend on what else the machine does.
"""

import argparse
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from tempfile import gettempdir
from typing import Any, NamedTuple

from circleci_usage.explore.encoding import encode
from circleci_usage.explore.folding import folded
from circleci_usage.render.explorer.page import explore_html
from circleci_usage.render.view.report_view import ReportView

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

from browser import Browser, chromium_driver
from sample_reports import empty_report
from wide_lines import Width, wide_lines

_MB = 10**6
_TARGETS = {"first view": 1500, "median": 100, "p95": 250, "memory": 300}
"""Milliseconds and megabytes."""

_INTERACTIONS = {
    "metric": ("metric=credits", "metric=job_runs", "metric=cost_per_run", "metric=run_minutes"),
    "group": ("by=team", "by=job", "by=trigger", "by=", "by=credit_type", "by=resource_class"),
    "two groups": ("by=team,project", "by=project,job", "by=status,trigger", "by=job,workflow"),
    "filter": (
        "project=project-1",
        "project=project-1*",
        "status!=success&branch=main",
        "job!=job-1,job-2,*3",
        "credit_type=compute&by=job",
    ),
    "range": (
        "from=2025-10-01&to=2026-10-31",
        "from=2026-10-05&to=2026-10-11",
        "from=2026-01-01&to=2026-06-30",
        "from=2025-10-01&to=2026-10-31&by=team,project",
    ),
    "granularity": ("granularity=week", "granularity=month", "granularity=day"),
    "compare": (
        "compare=previous",
        "compare=year",
        "from=2026-05-01&to=2026-10-31&compare=previous&by=project,job",
    ),
    "drill down": ("by=job&project=project-2", "by=workflow&team=team-3&project=project-3"),
    "sort and top": ("sort=job_runs", "sort=project&order=asc", "top=100", "top=50&sort=credits"),
    "treemap": ("chart=treemap", "chart=treemap&by=team,project"),
}

_WATCH = """
addEventListener("DOMContentLoaded", () => {
  new MutationObserver((_, watch) => {
    if (document.body.dataset.shown === undefined) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.firstView = performance.now(); }));
  }).observe(document.body, {attributes: true});
});
"""
_FIRST_VIEW = """
const done = arguments[0];
const look = () => window.firstView === undefined ? setTimeout(look, 10) : done(window.firstView);
look();
"""
_CHANGE = """
const [address, done] = arguments;
const start = performance.now();
new MutationObserver((_, watch) => {
  if (document.body.dataset.shown !== location.hash.slice(1)) return;
  watch.disconnect();
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
}).observe(document.body, {attributes: true, attributeFilter: ["data-shown"]});
location.hash = address;
"""


def main() -> None:
    """Measure, and print a table with the targets."""
    arguments = _arguments()
    page = _page(arguments.folder, arguments.lines)
    for driver in chromium_driver():
        browser = Browser(driver)
        browser.command("Page.addScriptToEvaluateOnNewDocument", source=_WATCH)
        browser.command("Performance.enable", timeDomain="threadTicks")
        first = [_first_view(browser, page) for _ in range(arguments.runs)]
        times = _interactions(browser, arguments.runs)
        print("\n".join(_table(first, times, _memory(browser))))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explore", description=__doc__)
    parser.add_argument("--lines", type=int, default=200_000, help="lines of costs in the page")
    parser.add_argument("--runs", type=int, default=3, help="how often each view is opened")
    parser.add_argument("--folder", type=Path, default=Path(gettempdir()) / "circleci-usage-page")
    return parser.parse_args()


def _page(folder: Path, most: int) -> Path:
    """A page with nearly as many lines."""
    lines = folded(wide_lines(Width(most // 120)), most)
    data = b64encode(encode(lines)).decode()
    page = folder / "explore.html"
    folder.mkdir(parents=True, exist_ok=True)
    page.write_text(explore_html(ReportView(empty_report()), data), encoding="utf-8")
    print(f"{len(lines):,} lines, {page.stat().st_size / _MB:.1f} MB")
    return page


class Took(NamedTuple):
    """Milliseconds until a view was painted, and those that its main thread worked."""

    wall: float
    cpu: float


def _first_view(browser: Browser, page: Path) -> Took:
    browser.driver.get("about:blank")
    before = _worked(browser)
    browser.driver.get(page.as_uri())
    wall: float = browser.driver.execute_async_script(_FIRST_VIEW)
    # A new page may have a thread of its own, whose time begins at zero.
    after = _worked(browser)
    return Took(wall, after - before if after > before else after)


def _interactions(browser: Browser, runs: int) -> Mapping[str, Sequence[Took]]:
    """Kind → what each change took; each begins at another view."""
    times: dict[str, list[Took]] = {kind: [] for kind in _INTERACTIONS}
    for run in range(runs):
        for kind, addresses in _INTERACTIONS.items():
            for address in addresses:
                browser.driver.execute_async_script(_CHANGE, f"top={40 + run}")
                before = _worked(browser)
                wall: float = browser.driver.execute_async_script(_CHANGE, address)
                times[kind].append(Took(wall, _worked(browser) - before))
    return times


def _worked(browser: Browser) -> float:
    """Milliseconds of CPU of the page's main thread."""
    metrics = browser.command("Performance.getMetrics")["metrics"]
    seconds: float = {each["name"]: each["value"] for each in metrics}["TaskDuration"]
    return seconds * 1000


def _memory(browser: Browser) -> tuple[float, float]:
    """Megabytes of the script before and after its garbage is collected."""
    before = _used(browser)
    browser.command("HeapProfiler.collectGarbage")
    return before, _used(browser)


def _used(browser: Browser) -> float:
    usage: Mapping[str, Any] = browser.command("Runtime.getHeapUsage")
    used: float = usage["usedSize"] + usage.get("backingStorageSize", 0)
    return used / _MB


def _table(
    first: Sequence[Took], times: Mapping[str, Sequence[Took]], memory: tuple[float, float]
) -> Iterator[str]:
    every = [each for kind in times.values() for each in kind]
    yield f"{'':20} {'median':>8} {'p95':>8} {'CPU':>8} {'p95':>8}"
    yield f"{_line('first view', first)}   target {_TARGETS['first view']} ms"
    yield from (_line(kind, took) for kind, took in times.items())
    targets = f"targets {_TARGETS['median']} ms, p95 {_TARGETS['p95']} ms"
    yield f"{_line('all interactions', every)}   {targets}"
    kept, target = f"kept {memory[1]:.0f} MB", f"target {_TARGETS['memory']} MB"
    yield f"{'memory':20} {memory[0]:5.0f} MB   {kept}   {target}"


def _line(name: str, took: Sequence[Took]) -> str:
    columns = [each.wall for each in took], [each.cpu for each in took]
    figures = [figure for values in columns for figure in (median(values), _p95(values))]
    return " ".join([f"{name:20}", *(f"{figure:5.0f} ms" for figure in figures)])


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1]


if __name__ == "__main__":
    main()

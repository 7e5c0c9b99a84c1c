"""`python -m benchmarks.explore`: how fast explore.html is in headless Chromium.

The page has as many lines as wanted, of 13 months. Measured are the time until the first view is
painted, the time from a change of the address until its view is painted, and the memory of the
script: what it keeps, and with what has not been cleared away yet.
"""

import argparse
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from tempfile import gettempdir
from typing import Any

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
    data = b64encode(encode(lines, datetime.now(UTC))).decode()
    page = folder / "explore.html"
    folder.mkdir(parents=True, exist_ok=True)
    page.write_text(explore_html(ReportView(empty_report()), data), encoding="utf-8")
    print(f"{len(lines):,} lines, {page.stat().st_size / _MB:.1f} MB")
    return page


def _first_view(browser: Browser, page: Path) -> float:
    browser.driver.get("about:blank")
    browser.driver.get(page.as_uri())
    milliseconds: float = browser.driver.execute_async_script(_FIRST_VIEW)
    return milliseconds


def _interactions(browser: Browser, runs: int) -> Mapping[str, Sequence[float]]:
    """Kind → milliseconds of each change; views are never the ones before."""
    times: dict[str, list[float]] = {kind: [] for kind in _INTERACTIONS}
    for run in range(runs):
        for kind, addresses in _INTERACTIONS.items():
            for address in addresses:
                unlike = f"{address}&top={21 + run}" if "top=" not in address else address
                browser.driver.execute_async_script(_CHANGE, f"top={40 + run}")
                times[kind].append(browser.driver.execute_async_script(_CHANGE, unlike))
    return times


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
    first: Sequence[float], times: Mapping[str, Sequence[float]], memory: tuple[float, float]
) -> Iterator[str]:
    every = [each for kind in times.values() for each in kind]
    yield f"{'first view':20} {median(first):7.0f} ms   target {_TARGETS['first view']} ms"
    for kind, measured in times.items():
        yield f"{kind:20} {median(measured):7.0f} ms   p95 {_p95(measured):.0f} ms"
    targets = f"targets {_TARGETS['median']} ms, p95 {_TARGETS['p95']} ms"
    yield f"{'all interactions':20} {median(every):7.0f} ms   p95 {_p95(every):.0f} ms   {targets}"
    kept, target = f"kept {memory[1]:.0f} MB", f"target {_TARGETS['memory']} MB"
    yield f"{'memory':20} {memory[0]:7.0f} MB   {kept}   {target}"


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1]


if __name__ == "__main__":
    main()

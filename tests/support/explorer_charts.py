"""The explorer's charts alone on a page, of the sample dataset."""

from pathlib import Path
from typing import Any, Final

from browser import Browser
from circleci_usage.render.charts import style
from circleci_usage.render.explorer.script import script_of
from javascript import MODULES, UNIT_TESTS

STYLE: Final = MODULES.parent / "templates" / "charts.css"

_CHARTS: Final = """
import { ask } from "./answer.js";
import { stackedBars } from "./bars.js";
import { formatDay } from "./days.js";
import { exactValue } from "./metric_values.js";
import { pngFile, svgFile } from "./picture.js";
import { readAddress } from "./question.js";
import { treemap } from "./treemap.js";

const calls = [];
const dataset = globalThis.sample;
const actions = {
  onBrush: (from, to) => calls.push([formatDay(from), formatDay(to)]),
  onPick: (names) => calls.push(names),
};
function showChart(address) {
  const { question } = readAddress(address, dataset);
  const answer = ask(dataset, question);
  const draw = question.chart === "treemap" ? treemap : stackedBars;
  const figure = draw(answer, dataset, actions);
  document.querySelector("main").replaceChildren(figure);
  const exact = (value) => exactValue(value, question.metric, dataset);
  const series = answer.series.map(({ name, values }) => [name, values.map(exact)]);
  return { series, buckets: answer.buckets.map(({ label }) => label) };
}
Object.assign(globalThis, { calls, pngFile, showChart, svgFile });
"""
_SAMPLE: Final = """
import { sampleDataset } from "./sample.js";

globalThis.sample = sampleDataset();
"""
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Charts</title>
<style>:root {{ {colors} }} body {{ margin: 0 16px; background: var(--page); }} {style}</style>
<h1>Charts</h1><main></main>
<script>{sample}</script><script>{charts}</script>
</html>
"""


def charts_page() -> str:
    """A page whose script draws the chart that an address asks for: `showChart(address)`."""
    modules = {file.stem: file.read_text(encoding="utf-8") for file in MODULES.glob("*.js")}
    sample = (UNIT_TESTS / "sample.js").read_text(encoding="utf-8")
    beside = sample.replace("../../../scripts/circleci_usage/render/explorer/modules/", "./")
    colors = {**style.PAGE_COLORS, "tint": "#f5f6f8", "link": "#0448ae", "accent": "#0448ae"}
    return _PAGE.format(
        colors="".join(f"--{name}: {color};" for name, color in colors.items()),
        style=STYLE.read_text(encoding="utf-8"),
        sample=script_of(modules | {"sample": beside, "start": _SAMPLE}, "start"),
        charts=script_of(modules | {"start": _CHARTS}, "start"),
    )


class ChartPage:
    """A Chromium in which a chart is seen."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        file = folder / "charts.html"
        file.write_text(charts_page(), encoding="utf-8")
        browser.screen("light", 1000)
        browser.driver.get(file.as_uri())
        self.browser = browser

    def show(self, address: str) -> dict[str, Any]:
        """Draw what an address asks for; returns the series that it shows, and its buckets."""
        shown: dict[str, Any] = self.browser.run("return showChart(arguments[0])", address)
        self.drawn()
        return shown

    def drawn(self) -> None:
        """Wait until the chart has the width of its place."""
        script = "return new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
        self.browser.run(script)

    def calls(self) -> list[Any]:
        """What was brushed and picked so far."""
        made: list[Any] = self.browser.run("return calls")
        return made

    def texts(self, selector: str) -> list[str]:
        """The texts of some elements."""
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)"
        found: list[str] = self.browser.run(script, selector)
        return found

"""An explorer in Chromium: what it shows for an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from browser import Browser

_ASK = """
const [addresses, done] = arguments;
const body = document.body;
const isShown = () => body.dataset.state === "ready"
  && body.dataset.shown === location.hash.slice(1);

function shown() {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(
      `${body.dataset.state}: ${body.dataset.shown} instead of ${location.hash}`)), 10000);
    const look = () => {
      if (!isShown()) return;
      watch.disconnect();
      clearTimeout(late);
      resolve();
    };
    const watch = new MutationObserver(look);
    watch.observe(body, {attributes: true});
    look();
  });
}

function cellsOf(row) {
  const cells = [...row.querySelectorAll("[data-column]")];
  return Object.fromEntries(cells.map((cell) => [cell.dataset.column, cell.dataset.value]));
}

function view() {
  const totals = [...document.querySelectorAll("[data-total]")];
  const rows = [...document.querySelectorAll("#groups tbody tr")];
  const last = document.querySelector("#groups tfoot tr");
  return {
    address: body.dataset.shown,
    totals: totals.map((each) => [each.dataset.total, each.dataset.value]),
    rows: rows.map((row) => ({
      names: JSON.parse(row.dataset.names ?? "[]"),
      kind: row.className,
      cells: cellsOf(row),
    })),
    foot: last ? cellsOf(last) : {},
    chart: [...document.querySelectorAll(".chart-table tbody tr")].map((row) => [
      row.querySelector("[data-bucket]").dataset.bucket,
      [...row.querySelectorAll("td")].map((cell) => cell.dataset.value),
    ]),
  };
}

async function ask() {
  const views = [];
  for (const address of addresses) {
    location.hash = address;
    await shown();
    views.push(view());
  }
  return views;
}

ask().then((views) => done({views}), (error) => done({error: String(error)}));
"""


@dataclass(frozen=True)
class ShownRow:
    """A row of the table of groups, with the exact values of its cells."""

    names: tuple[str, ...]
    kind: str
    cells: dict[str, str]


@dataclass(frozen=True)
class Shown:
    """What the page shows: exact values by the names of totals and columns.

    `chart` has the values of all columns of each bucket.
    """

    address: str
    totals: list[tuple[str, str]]
    rows: list[ShownRow]
    foot: dict[str, str]
    chart: list[tuple[str, list[str]]]


class ExplorerPage:
    """An explorer that is open."""

    def __init__(self, browser: Browser, file: Path, address: str = "") -> None:
        self.browser = browser
        browser.driver.get("about:blank")
        browser.requests()
        browser.log("browser")
        browser.driver.get(f"{file.as_uri()}{'#' if address else ''}{address}")

    def ask(self, addresses: Sequence[str]) -> list[Shown]:
        """Show one address after the other, in the page that is open."""
        found: dict[str, Any] = self.browser.driver.execute_async_script(_ASK, [*addresses])
        assert "error" not in found, found
        return [_shown(view) for view in found["views"]]


def _shown(view: dict[str, Any]) -> Shown:
    rows = [ShownRow(tuple(row["names"]), row["kind"], row["cells"]) for row in view["rows"]]
    totals = [(name, value) for name, value in view["totals"]]
    chart = [(label, values) for label, values in view["chart"]]
    return Shown(view["address"], totals, rows, view["foot"], chart)

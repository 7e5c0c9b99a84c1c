/**
 * A chart of bars as a table: a row for each bucket, a column for each series, all values exact.
 *
 * @import { BarView, Values } from "./bar_view.js"
 *
 * @typedef {object} ChartColumn
 * @property {string} name
 * @property {Values} values
 */

import { readableRange } from "./days.js";
import { html } from "./markup.js";
import { exactValue, shownValue } from "./metric_values.js";

/** @param {BarView} view */
export function chartTable(view) {
  const columns = chartColumns(view);
  const headings = [
    ...columns.map(({ name }) => name),
    ...(view.compared ? [view.compared.label] : []),
  ];
  const names = headings.map((name) =>
    html("th", { scope: "col", class: "n" }, html("bdi", {}, name)),
  );
  const bucket = html("th", { scope: "col" }, bucketHeading(view));
  const table = html(
    "table",
    { class: "chart-table" },
    html("caption", {}, view.caption),
    html("thead", {}, html("tr", {}, bucket, ...names)),
    html("tbody", {}, ...tableRows(view, columns)),
  );
  const region = { class: "scroll", tabindex: 0, role: "region", "aria-label": "Chart as a table" };
  return html(
    "details",
    { class: "as-table" },
    html("summary", {}, "Chart as a table"),
    html("div", region, table),
  );
}

/**
 * @param {BarView} view
 * @returns {ChartColumn[]}
 */
function chartColumns(view) {
  const total =
    view.isSum && view.series.length !== 1 ? [{ name: "Total", values: view.totals }] : [];
  const series = view.series.map(({ label, values }) => ({ name: label, values }));
  return [...series, ...total];
}

/** @param {BarView} view */
function bucketHeading({ question }) {
  return { day: "Day", week: "Week", month: "Month" }[question.granularity];
}

/**
 * @param {BarView} view
 * @param {ChartColumn[]} columns
 */
function tableRows(view, columns) {
  return view.buckets.map(({ from, to, label }, index) => {
    const name = html("th", { scope: "row", "data-bucket": label }, readableRange(from, to));
    const cells = columns.map(({ values }) => valueCell(view, values[index]));
    return html("tr", {}, name, ...cells, ...comparedCell(view, index));
  });
}

/**
 * @param {BarView} view
 * @param {bigint | null} value
 */
function valueCell({ dataset, question }, value) {
  const exactly = exactValue(value, question.metric, dataset);
  const shown = shownValue(value, question.metric, dataset);
  return html("td", { class: "n", "data-value": exactly }, shown);
}

/**
 * Empty where the range compared with has nothing that belongs there.
 *
 * @param {BarView} view
 * @param {number} index
 */
function comparedCell(view, index) {
  if (!view.compared) return [];
  const bar = view.compared.bars[index];
  return [bar ? valueCell(view, bar.value) : html("td", { class: "n", "data-value": "" })];
}

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
  const names = columns.map(({ name }) =>
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
  const compared = view.compared
    ? [{ name: view.compared.label, values: view.compared.values }]
    : [];
  const series = view.series.map(({ label, values }) => ({ name: label, values }));
  return [...series, ...total, ...compared];
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
  const { dataset, question } = view;
  return view.buckets.map(({ from, to, label }, index) => {
    const name = html("th", { scope: "row", "data-bucket": label }, readableRange(from, to));
    const cells = columns.map(({ values }) => {
      const value = values[index] ?? null;
      const exactly = exactValue(value, question.metric, dataset);
      const shown = shownValue(value, question.metric, dataset);
      return html("td", { class: "n", "data-value": exactly }, shown);
    });
    return html("tr", {}, name, ...cells);
  });
}

/**
 * What a bucket, or several, say: as a small box at the pointer and as words for those who hear it.
 *
 * @import { BarView } from "./bar_view.js"
 *
 * @typedef {object} TipLine
 * @property {string} name
 * @property {string} text
 * @property {number | null} color null: none
 *
 * @typedef {object} Tip
 * @property {string} title
 * @property {TipLine[]} lines the total, then the series as they are stacked, from the top
 */

import { bucketTotal, sumOf } from "./bar_view.js";
import { readableRange } from "./days.js";
import { html, styled } from "./markup.js";
import { shownValue } from "./metric_values.js";
import { colorVariable } from "./palette.js";

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/**
 * @param {BarView} view
 * @param {number} first bucket
 * @param {number} last bucket
 * @returns {Tip}
 */
export function tipOf(view, first, last) {
  const isSummed = first !== last;
  const title = rangeTitle(view.buckets[first].from, view.buckets[last].to);
  if (isSummed && view.question.metric === "cost_per_run") return { title, lines: [] };
  const lines = view.series.map(({ label, color, values }) => ({
    name: label,
    color,
    value: sumOf(values, first, last),
  }));
  const used = lines.filter(({ value }) => value !== 0n).reverse();
  const shown = used.map(({ name, color, value }) => ({ name, color, text: shownIn(view, value) }));
  return {
    title,
    lines: [...totalLine(view, first, last), ...shown, ...comparedTip(view, first, last)],
  };
}

/**
 * `Mon, Oct 5, 2026` for a day, `Oct 5–11, 2026` for more.
 *
 * @param {number} from
 * @param {number} to
 */
function rangeTitle(from, to) {
  const range = readableRange(from, to);
  return from === to ? `${WEEKDAYS[(from + 3) % 7]}, ${range}` : range;
}

/**
 * @param {BarView} view
 * @param {bigint | null} value
 */
function shownIn({ dataset, question }, value) {
  return shownValue(value, question.metric, dataset);
}

/**
 * @param {BarView} view
 * @param {number} first
 * @param {number} last
 * @returns {TipLine[]}
 */
function totalLine(view, first, last) {
  const note = view.unknown.slice(first, last + 1).includes(true);
  const unknown = note ? [{ name: "Usage is not known completely", text: "", color: null }] : [];
  if (!view.isSum) return unknown;
  const totals = view.buckets
    .slice(first, last + 1)
    .map((_, index) => bucketTotal(view, first + index));
  const total = sumOf(totals, 0, totals.length);
  return [{ name: "Total", text: shownIn(view, total), color: null }, ...unknown];
}

/**
 * @param {BarView} view
 * @param {number} first
 * @param {number} last
 * @returns {TipLine[]}
 */
function comparedTip(view, first, last) {
  const buckets = view.compared?.buckets.slice(first, last + 1) ?? [];
  if (!view.compared || buckets.length === 0) return [];
  const name = readableRange(buckets[0].from, buckets[buckets.length - 1].to);
  return [{ name, text: shownIn(view, sumOf(view.compared.values, first, last)), color: null }];
}

/**
 * As a sentence.
 *
 * @param {Tip} tip
 * @param {boolean} isSelected
 */
export function tipWords({ title, lines }, isSelected) {
  const parts = lines.map(({ name, text }) => (text ? `${name} ${text}` : name));
  return `${title}${isSelected ? " selected" : ""}${parts.length ? `: ${parts.join(", ")}` : ""}`;
}

/**
 * As the content of a box.
 *
 * @param {Tip} tip
 */
export function tipContent({ title, lines }) {
  const rows = lines.map(({ name, text, color }) => {
    const swatch = styled(html("i", { class: color === null ? "none" : "swatch" }), {
      "--color": colorVariable(color ?? 0),
    });
    return html("li", {}, swatch, html("bdi", {}, name), html("b", {}, text));
  });
  return [html("p", {}, title), html("ul", {}, ...rows)];
}

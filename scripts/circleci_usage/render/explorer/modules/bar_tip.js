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

import { bucketSum } from "./bar_view.js";
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
  const lines = [
    ...totalLines(view, first, last),
    ...seriesLines(view, first, last),
    ...comparedLines(view, first, last),
  ];
  return { title, lines };
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
 * What all are together, and whether that is all.
 *
 * @param {BarView} view
 * @param {number} first
 * @param {number} last
 * @returns {TipLine[]}
 */
function totalLines(view, first, last) {
  const total = bucketSum(view.totals, first, last);
  const isPart = total !== null && view.unknown.slice(first, last + 1).includes(true);
  const note = isPart ? [{ name: "Usage is partly not known", text: "", color: null }] : [];
  const line = { name: "Total", text: shownIn(view, total), color: null };
  return view.isSum ? [line, ...note] : note;
}

/**
 * The series that have something, as they are stacked.
 *
 * @param {BarView} view
 * @param {number} first
 * @param {number} last
 * @returns {TipLine[]}
 */
function seriesLines(view, first, last) {
  const sums = view.series.map(({ label, color, values }) => {
    return { name: label, color, sum: bucketSum(values, first, last) };
  });
  const used = sums.filter(({ sum }) => sum !== null && sum !== 0n).reverse();
  return used.map(({ name, color, sum }) => ({ name, color, text: shownIn(view, sum) }));
}

/**
 * @param {BarView} view
 * @param {number} first
 * @param {number} last
 * @returns {TipLine[]}
 */
function comparedLines(view, first, last) {
  const bars = (view.compared?.bars ?? []).slice(first, last + 1).filter((bar) => bar !== null);
  if (bars.length === 0) return [];
  const name = readableRange(bars[0].bucket.from, bars[bars.length - 1].bucket.to);
  const values = bars.map(({ value }) => value);
  return [{ name, text: shownIn(view, bucketSum(values, 0, values.length)), color: null }];
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

/**
 * What a treemap shows of an answer, before anything is laid out.
 *
 * @import { Amounts, Answer, Dataset, Metric, Row } from "./types.js"
 *
 * @typedef {object} Cell
 * @property {string} label
 * @property {string[]} names what it stands for; none for the rest
 * @property {bigint} value above 0
 * @property {number} color of the first level
 * @property {Cell[]} cells inside of it
 *
 * @typedef {object} TreeView
 * @property {Cell[]} cells the largest first; the rest is last
 * @property {bigint} whole what shares are parts of
 * @property {number} leftOut how many groups have no area: zero, below, or not known
 * @property {string} reason why there are no cells; empty if there are
 */

import { visibleName } from "./elements.js";
import { metricLabel } from "./metric_values.js";
import { compareNames } from "./names.js";
import { metricCount } from "./numbers.js";
import { colorsTogether } from "./palette.js";

/** Of the whole, in thousandths: a cell inside another that is smaller is part of the rest. */
const LEAST_SHARE = 4n;

/**
 * @param {Answer} answer
 * @param {Dataset} dataset
 * @returns {TreeView}
 */
export function treeView(answer, dataset) {
  const { question, totals } = answer;
  const rows = answer.rows.length > 0 ? answer.rows : [wholeRow(answer)];
  const cells = cellsOf(rows, question.metric, dataset);
  const sum = cellSum(cells);
  const total = areaOf(totals, question.metric, dataset);
  const shown = withRest(cells, question.top).map((cell) => ({
    ...cell,
    cells: withoutSmall(cell.cells, sum),
  }));
  return {
    cells: colored(shown, question.by[0], dataset),
    whole: total > 0n ? total : sum,
    leftOut: rows.length - cells.length,
    reason: cells.length > 0 ? "" : reasonOf(answer),
  };
}

/**
 * All that matches, where it is not grouped.
 *
 * @param {Answer} answer
 * @returns {Row}
 */
function wholeRow({ totals, compared }) {
  return { names: [], amounts: totals, compared, children: [], others: 0 };
}

/**
 * The rows that have an area, the largest first.
 *
 * @param {Row[]} rows
 * @param {Metric} metric
 * @param {Dataset} dataset
 * @returns {Cell[]}
 */
function cellsOf(rows, metric, dataset) {
  const cells = rows.map((row) => ({
    label: visibleName(row.names[row.names.length - 1] ?? "All"),
    names: row.names,
    value: areaOf(row.amounts, metric, dataset),
    color: 0,
    cells: cellsOf(row.children, metric, dataset),
  }));
  return cells.filter(({ value }) => value > 0n).sort(largerFirst);
}

/**
 * What is not known, and ratios, have none.
 *
 * @param {Amounts} amounts
 * @param {Metric} metric
 * @param {Dataset} dataset
 */
function areaOf(amounts, metric, dataset) {
  if (metric === "cost_per_run") return 0n;
  return metricCount(amounts, metric, dataset)?.count ?? 0n;
}

/**
 * @param {Cell} one
 * @param {Cell} other
 */
function largerFirst(one, other) {
  if (one.value === other.value) return compareNames(one.label, other.label);
  return one.value > other.value ? -1 : 1;
}

/** @param {Cell[]} cells */
function cellSum(cells) {
  return cells.reduce((sum, { value }) => sum + value, 0n);
}

/**
 * So many cells, and one for all others; a single other one stays itself.
 *
 * @param {Cell[]} cells
 * @param {number} most
 */
function withRest(cells, most) {
  const others = cells.slice(most);
  if (others.length < 2) return cells;
  const rest = { names: [], value: cellSum(others), color: 0, cells: [] };
  return [...cells.slice(0, most), { ...rest, label: `${others.length} others` }];
}

/**
 * @param {Cell[]} cells
 * @param {bigint} sum of all first levels
 */
function withoutSmall(cells, sum) {
  const large = cells.filter(({ value }) => value * 1000n >= sum * LEAST_SHARE);
  return large.length > 0 ? withRest(cells, large.length) : [];
}

/**
 * @param {Cell[]} cells
 * @param {string | undefined} dimension
 * @param {Dataset} dataset
 */
function colored(cells, dimension, dataset) {
  const names = cells.map((cell) => cell.names[0] ?? null);
  const colors = dimension ? colorsTogether(dataset, dimension, names) : [1];
  return cells.map((cell, index) => ({ ...cell, color: colors[index] }));
}

/** @param {Answer} answer */
function reasonOf({ question, lines }) {
  if (lines === 0) return "No usage matches.";
  const label = metricLabel(question.metric);
  if (question.metric === "cost_per_run") {
    return "Cost per run does not add up to a whole. Choose bars or another metric.";
  }
  return `${label}: no group is known to be above zero.`;
}

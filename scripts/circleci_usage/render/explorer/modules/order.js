/**
 * The order of rows: by a metric, a change or a name; what is not known comes last.
 *
 * @import { Dataset, Metric, Question, Row } from "./types.js"
 *
 * @typedef {object} Entry
 * @property {Row} row
 * @property {bigint | null} value that it is sorted by
 * @property {number} size the value as a number: quick to compare, and almost always enough
 */

import { compareNames } from "./names.js";
import { metricCount } from "./numbers.js";
import { METRICS } from "./question.js";

/**
 * Rows of a level as the question sorts them; where it sorts the other level by names, this one is
 * by the metric.
 *
 * @param {Row[]} rows
 * @param {Question} question
 * @param {Dataset} dataset
 * @returns {Row[]}
 */
export function sorted(rows, question, dataset) {
  const { by, sort, ascending } = question;
  if (!by.includes(sort)) return sortedByValue(rows, valueFor(question, dataset), ascending);
  const isOfLevel = rows[0]?.names.length === by.indexOf(sort) + 1;
  return isOfLevel ? sortedByName(rows, ascending) : ranked(rows, question, dataset);
}

/**
 * @param {Row[]} rows
 * @param {boolean} ascending
 */
function sortedByName(rows, ascending) {
  const direction = ascending ? 1 : -1;
  return [...rows].sort((one, other) => direction * byName(one, other));
}

/**
 * Rows by the question's metric, largest first.
 *
 * @param {Row[]} rows
 * @param {Question} question
 * @param {Dataset} dataset
 * @returns {Row[]}
 */
export function ranked(rows, { metric }, dataset) {
  return sortedByValue(rows, (row) => metricValue(row.amounts, metric, dataset), false);
}

/**
 * @param {Row["compared"]} amounts
 * @param {Metric} metric
 * @param {Dataset} dataset
 */
function metricValue(amounts, metric, dataset) {
  return amounts && (metricCount(amounts, metric, dataset)?.count ?? null);
}

/**
 * What rows are sorted by, unless by their names.
 *
 * @param {Question} question
 * @param {Dataset} dataset
 * @returns {(row: Row) => bigint | null}
 */
function valueFor({ sort, metric }, dataset) {
  if (sort === "change") {
    return ({ amounts, compared }) => {
      const now = metricValue(amounts, metric, dataset);
      const before = metricValue(compared, metric, dataset);
      return now === null || before === null ? null : now - before;
    };
  }
  const column = METRICS.find((each) => each === sort) ?? metric;
  return (row) => metricValue(row.amounts, column, dataset);
}

/**
 * @param {Row[]} rows
 * @param {(row: Row) => bigint | null} measured
 * @param {boolean} ascending
 */
function sortedByValue(rows, measured, ascending) {
  const entries = rows.map((row) => {
    const value = measured(row);
    return { row, value, size: Number(value) };
  });
  const direction = ascending ? 1 : -1;
  entries.sort((one, other) => byValue(one, other, direction) || byName(one.row, other.row));
  return entries.map(({ row }) => row);
}

/**
 * @param {Entry} one
 * @param {Entry} other
 * @param {1 | -1} direction
 */
function byValue(one, other, direction) {
  if (one.value === null || other.value === null) {
    return Number(one.value === null) - Number(other.value === null);
  }
  const difference = one.size - other.size || Number(one.value - other.value);
  return direction * difference;
}

/**
 * @param {Row} one
 * @param {Row} other
 */
function byName(one, other) {
  return compareNames(one.names[one.names.length - 1], other.names[other.names.length - 1]);
}

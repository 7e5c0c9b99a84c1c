/**
 * The groups as CSV: exact decimals, and no name that a spreadsheet takes for a formula. The rules
 * are those of report_folder/csv_files.py.
 *
 * @import { Amounts, Answer, Dataset, Metric, Row } from "./types.js"
 */

import { exact, metricCount } from "./numbers.js";

const FORMULA_STARTS = "=+-@\t\r\n＝＋－＠";
const IN_QUOTES = /[",\r\n]/;

/** @type {Metric[]} */
const SAVED_METRICS = ["credits", "cost", "list_cost", "job_runs", "run_minutes"];

/**
 * All groups, whatever is listed: a line each, with the names, the amounts, and the amounts of the
 * range compared with. What is not known is empty.
 *
 * @param {Answer} answer
 * @param {Dataset} dataset
 */
export function csvOf(answer, dataset) {
  const { question } = answer;
  const metrics =
    question.metric === "cost_per_run" ? [...SAVED_METRICS, question.metric] : SAVED_METRICS;
  const compared = answer.comparedRange ? metrics.map((name) => `compared_${name}`) : [];
  const lines = [[...question.by, ...metrics, ...compared]];
  for (const row of listedGroups(answer)) {
    const before = compared.length > 0 ? amountCells(row.compared, metrics, dataset) : [];
    const names = row.names.map(neutral);
    lines.push([...names, ...amountCells(row.amounts, metrics, dataset), ...before]);
  }
  return lines.map((cells) => `${cells.map(quoted).join(",")}\n`).join("");
}

/**
 * The groups of the last dimension; without any dimension, the total.
 *
 * @param {Answer} answer
 * @returns {Row[]}
 */
function listedGroups({ question, rows, totals, compared }) {
  if (question.by.length === 0) {
    return [{ names: [], amounts: totals, compared, children: [], others: 0 }];
  }
  return question.by.length === 1 ? rows : rows.flatMap((row) => row.children);
}

/**
 * @param {Amounts | null} amounts
 * @param {Metric[]} metrics
 * @param {Dataset} dataset
 */
function amountCells(amounts, metrics, dataset) {
  return metrics.map((metric) => {
    const value = amounts && metricCount(amounts, metric, dataset);
    return value ? exact(value.count, value.places) : "";
  });
}

/**
 * A name with an apostrophe in front of what a spreadsheet would take for a formula.
 *
 * @param {string} name
 */
export function neutral(name) {
  const text = name.replaceAll("\r", " ");
  return name !== "" && FORMULA_STARTS.includes(name[0]) ? `'${text}` : text;
}

/** @param {string} text */
function quoted(text) {
  return IN_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

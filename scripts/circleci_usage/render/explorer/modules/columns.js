/**
 * The columns of amounts in the table: the question's metric first, then all others.
 *
 * @import { Amounts, Answer, Dataset, Metric, Question } from "./types.js"
 * @import { Scaled } from "./numbers.js"
 *
 * @typedef {object} Column
 * @property {string} name `cost`, `share`, `compared`, `change`, `change_percent`
 * @property {string} label
 * @property {boolean} isSortable
 * @property {(amounts: Amounts, compared: Amounts | null) => Cell} cell
 *
 * @typedef {object} Cell
 * @property {string} text
 * @property {string} value an exact decimal; empty where it is not known
 * @property {string} tone a class: `more`, `less` or none
 * @property {number | null} share between 0 and 1, drawn as a bar
 */

import { metricLabel } from "./metric_values.js";
import { exact, metricCount, percent, percentChange, shownChange, shownCount } from "./numbers.js";
import { METRICS } from "./question.js";
import { COMPARE_LABELS } from "./words.js";

/**
 * @param {Answer} answer
 * @param {Dataset} dataset
 * @returns {Column[]}
 */
export function columnsOf(answer, dataset) {
  const { metric } = answer.question;
  const others = METRICS.filter((name) => name !== metric);
  return [
    metricColumn(metric, dataset),
    ...shareColumns(answer, dataset),
    ...changeColumns(answer.question, dataset),
    ...others.map((name) => metricColumn(name, dataset)),
  ];
}

/**
 * @param {Metric} metric
 * @param {Dataset} dataset
 * @returns {Column}
 */
function metricColumn(metric, dataset) {
  const cell = (/** @type {Amounts} */ amounts) => {
    const value = metricCount(amounts, metric, dataset);
    return plainCell(shownCount(value, metric, dataset), value);
  };
  return { name: metric, label: metricLabel(metric), isSortable: true, cell };
}

/**
 * How much of the total; a cost per run is no part of one.
 *
 * @param {Answer} answer
 * @param {Dataset} dataset
 * @returns {Column[]}
 */
function shareColumns({ question, totals }, dataset) {
  const { metric } = question;
  const whole = metricCount(totals, metric, dataset);
  if (metric === "cost_per_run" || !whole || whole.count <= 0n) return [];
  const cell = (/** @type {Amounts} */ amounts) => {
    const part = metricCount(amounts, metric, dataset);
    if (!part) return plainCell("not known", null);
    const share = Number(part.count) / Number(whole.count);
    return { ...plainCell(percent(part.count, whole.count), null), share };
  };
  return [{ name: "share", label: "Share", isSortable: false, cell }];
}

/**
 * The range compared with, and the difference.
 *
 * @param {Question} question
 * @param {Dataset} dataset
 * @returns {Column[]}
 */
function changeColumns({ metric, compare }, dataset) {
  if (compare === "") return [];
  const both = (/** @type {Amounts} */ amounts, /** @type {Amounts | null} */ compared) => ({
    now: metricCount(amounts, metric, dataset),
    before: compared && metricCount(compared, metric, dataset),
  });
  const isCost = metric !== "job_runs" && metric !== "run_minutes";
  return [
    {
      name: "compared",
      label: COMPARE_LABELS[compare],
      isSortable: false,
      cell: (amounts, compared) => {
        const { before } = both(amounts, compared);
        return plainCell(shownCount(before, metric, dataset), before);
      },
    },
    {
      name: "change",
      label: "Change",
      isSortable: true,
      cell: (amounts, compared) => {
        const { now, before } = both(amounts, compared);
        const change = changeOf(now, before);
        const text = change?.count === 0n ? "no change" : shownChange(now, before, metric, dataset);
        return { ...plainCell(text, change), tone: isCost ? toneOf(change) : "" };
      },
    },
    {
      name: "change_percent",
      label: "Change %",
      isSortable: false,
      cell: (amounts, compared) => {
        const { now, before } = both(amounts, compared);
        const text = now && before ? percentChange(now.count, before.count) : "not known";
        return { ...plainCell(text, null), tone: isCost ? toneOf(changeOf(now, before)) : "" };
      },
    },
  ];
}

/**
 * @param {string} text
 * @param {Scaled | null} value
 * @returns {Cell}
 */
function plainCell(text, value) {
  return { text, value: value ? exact(value.count, value.places) : "", tone: "", share: null };
}

/**
 * @param {Scaled | null} now
 * @param {Scaled | null} before
 * @returns {Scaled | null}
 */
export function changeOf(now, before) {
  return now && before && { count: now.count - before.count, places: now.places };
}

/**
 * Whether a change of a cost is bad or good news, as a class.
 *
 * @param {Scaled | null} change
 */
export function toneOf(change) {
  if (!change || change.count === 0n) return "";
  return change.count > 0n ? "more" : "less";
}

/**
 * What a chart of bars shows of an answer, before anything is drawn.
 *
 * @import { Answer, Bucket, Dataset, Question, Series } from "./types.js"
 *
 * @typedef {(bigint | null)[]} Values of each bucket; null is not known
 *
 * @typedef {object} BarSeries
 * @property {string} name
 * @property {string} label the name as it is shown
 * @property {number} color 1 to 12, no two the same; 0 for the rest
 * @property {boolean} isRest
 * @property {Values} values
 *
 * @typedef {object} ComparedBars
 * @property {string} label the range
 * @property {({bucket: Bucket, value: bigint | null} | null)[]} bars next to each bucket; null is none
 *
 * @typedef {object} BarView
 * @property {Question} question
 * @property {Dataset} dataset
 * @property {string} caption what is shown: `Cost by day and project`
 * @property {Bucket[]} buckets
 * @property {BarSeries[]} series the largest first
 * @property {Values} totals all series of a bucket together
 * @property {boolean} isSum whether they add up to something
 * @property {boolean[]} unknown the buckets with days whose usage is not known
 * @property {number} unknownDays how many days those are
 * @property {ComparedBars | null} compared
 */

import { ask } from "./answer.js";
import { readableRange } from "./days.js";
import { visibleName } from "./elements.js";
import { metricLabel } from "./metric_values.js";
import { inSentence } from "./words.js";

/** Days of a range; of fewer, too many had no weekday to be next to. */
const LEAST_ALIGNED = 14;

/**
 * @param {Answer} answer
 * @param {Dataset} dataset
 * @returns {BarView}
 */
export function barView(answer, dataset) {
  const { question, buckets } = answer;
  return {
    question,
    dataset,
    caption: caption(question, dataset),
    buckets,
    series: answer.series.map((series) => ({ ...series, label: visibleName(series.name) })),
    totals: buckets.map((bucket, index) =>
      answer.series.length === 0 && isMissing(dataset, bucket)
        ? null
        : bucketTotal(answer.series, index),
    ),
    isSum: answer.series.length < 2 || addsUp(question),
    unknown: buckets.map(({ from, to }) => missingDays(dataset, from, to) > 0),
    unknownDays: missingDays(dataset, question.from, question.to),
    compared: comparedBars(answer, dataset),
  };
}

/**
 * @param {Series[]} series
 * @param {number} index of the bucket
 */
function bucketTotal(series, index) {
  const values = series.map((each) => each.values[index]);
  return bucketSum(values, 0, values.length);
}

/**
 * @param {Question} question
 * @param {Dataset} dataset
 */
function caption({ by, metric, granularity }, dataset) {
  const label = dataset.dimensions.get(by[0])?.label;
  return `${metricLabel(metric)} by ${granularity}${label ? ` and ${inSentence(label)}` : ""}`;
}

/**
 * Ratios do not add up; nor do runs by credit type, since a run may be in several.
 *
 * @param {Question} question
 */
function addsUp({ by, metric }) {
  return metric !== "cost_per_run" && !(metric === "job_runs" && by[0] === "credit_type");
}

/**
 * Whether no day of a bucket is known.
 *
 * @param {Dataset} dataset
 * @param {Bucket} bucket
 */
function isMissing(dataset, { from, to }) {
  return missingDays(dataset, from, to) === to - from + 1;
}

/**
 * How many days of a range are not known.
 *
 * @param {Dataset} dataset
 * @param {number} from
 * @param {number} to
 */
function missingDays(dataset, from, to) {
  const overlaps = dataset.missing.map(([first, last]) =>
    Math.max(0, Math.min(to, last) - Math.max(from, first) + 1),
  );
  return overlaps.reduce((sum, days) => sum + days, 0);
}

/**
 * The range compared with, in buckets of its own; days are next to those of the same weekday.
 *
 * @param {Answer} answer
 * @param {Dataset} dataset
 * @returns {ComparedBars | null}
 */
function comparedBars({ question, buckets, comparedRange, comparedKnown }, dataset) {
  if (!(comparedRange && comparedKnown)) return null;
  const [from, to] = comparedRange;
  const before = ask(dataset, { ...question, by: [], from, to, compare: "" });
  const bars = before.buckets.map((bucket, index) => ({
    bucket,
    value: before.series[0].values[index],
  }));
  const isAligned = question.granularity === "day" && buckets.length >= LEAST_ALIGNED;
  const shift = isAligned ? weekdayShift(question.from, from) : 0;
  const aligned = shift === 0 ? "" : ", aligned by weekday";
  return {
    label: `${readableRange(from, to)}${aligned}`,
    bars: buckets.map((_, index) => bars[index + shift] ?? null),
  };
}

/**
 * How many days later the other range has the weekday of a day: from -3 to 3.
 *
 * @param {number} day
 * @param {number} other
 */
function weekdayShift(day, other) {
  const later = (((day - other) % 7) + 7) % 7;
  return later > 3 ? later - 7 : later;
}

/**
 * The sum of some buckets; null if one of them is not known.
 *
 * @param {Values} values
 * @param {number} first
 * @param {number} last
 */
export function bucketSum(values, first, last) {
  let sum = 0n;
  for (const value of values.slice(first, last + 1)) {
    if (value === null) return null;
    sum += value;
  }
  return sum;
}

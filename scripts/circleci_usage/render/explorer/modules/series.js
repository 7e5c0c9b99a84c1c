/**
 * The largest groups over time, and the rest of them.
 *
 * @import { Counting } from "./selection.js"
 * @import { Bucket, Dataset, Metric, Question, Row, Series } from "./types.js"
 *
 * @typedef {object} Selected the lines of an answer
 * @property {Dataset} dataset
 * @property {Question} question
 * @property {Uint32Array} lines
 * @property {Bucket[]} buckets
 * @property {Counting} counting
 */

import { metricCount } from "./numbers.js";
import { colorsTogether } from "./palette.js";
import { CREDIT_TYPE } from "./selection.js";
import { amountsOf, isNothing, sumsOf } from "./sums.js";

/** The measures that a metric needs. @type {Record<Metric, string[]>} */
const NEEDED = {
  cost: ["cost"],
  credits: ["credits"],
  list_cost: ["list_cost"],
  job_runs: ["job_runs", "type_runs"],
  run_minutes: ["job_seconds"],
  cost_per_run: ["cost", "job_runs", "type_runs"],
};

/**
 * A series for each of some groups by the first dimension, and one of the rest if there is any;
 * a single one without a dimension.
 *
 * @param {Selected} selected
 * @param {Row[]} largest
 * @param {number} howMany groups there are
 * @returns {Series[]}
 */
export function seriesOf(selected, largest, howMany) {
  const { dataset, question, counting } = selected;
  const dimension = dataset.dimensions.get(question.by[0]);
  const values = bucketValues(selected, largest);
  if (!dimension) return [{ name: "All", color: 1, isRest: false, values: values(0, counting) }];
  const isByType = dimension.name === CREDIT_TYPE;
  const names = largest.map((row) => row.names[0]);
  const colors = colorsTogether(dataset, dimension.name, names);
  const series = largest.map(({ names: [name] }, index) => ({
    name,
    color: colors[index],
    isRest: false,
    values: values(index, isByType ? "type" : counting),
  }));
  if (howMany <= largest.length) return series;
  const ofRest = isByType && counting !== "type" ? "none" : counting;
  const rest = { name: `Other ${dimension.plural.toLowerCase()}`, color: 0, isRest: true };
  return [...series, { ...rest, values: values(largest.length, ofRest) }];
}

/**
 * A function of the place of a series: its values in each bucket.
 *
 * @param {Selected} selected
 * @param {Row[]} largest
 */
function bucketValues(selected, largest) {
  const { dataset, question, lines, buckets } = selected;
  const width = largest.length + 1;
  const numbers = numbersOf(selected, seriesPlaces(dataset, question, largest), width);
  const sums = sumsOf(dataset, lines, numbers, buckets.length * width, NEEDED[question.metric]);
  const isMissing = buckets.map((bucket) => isUnknown(dataset, bucket));
  /** @param {number} place @param {Counting} counting */
  return (place, counting) =>
    buckets.map((_, index) => {
      const group = index * width + place;
      if (isMissing[index] && isNothing(sums, group, counting)) return null;
      const amounts = amountsOf(sums, group, counting);
      return metricCount(amounts, question.metric, dataset)?.count ?? null;
    });
}

/**
 * The series of each value of the first dimension; that of the rest comes last.
 *
 * @param {Dataset} dataset
 * @param {Question} question
 * @param {Row[]} largest
 */
function seriesPlaces(dataset, { by }, largest) {
  const values = dataset.dimensions.get(by[0])?.values ?? [];
  const places = new Map(largest.map(({ names }, place) => [names[0], place]));
  return Uint32Array.from(values, (value) => places.get(value) ?? largest.length);
}

/**
 * The group of each line: its bucket and series.
 *
 * @param {Selected} selected
 * @param {Uint32Array} places
 * @param {number} width
 */
function numbersOf({ dataset, question, lines, buckets }, places, width) {
  const codes = dataset.dimensions.get(question.by[0])?.codes;
  const numbers = new Uint32Array(lines.length);
  let index = 0;
  buckets.forEach(({ to }, bucket) => {
    const end = dataset.starts[to - dataset.first + 1];
    for (; index < lines.length && lines[index] < end; index += 1) {
      numbers[index] = bucket * width + (codes ? places[codes[lines[index]]] : 0);
    }
  });
  return numbers;
}

/**
 * Whether the usage of no day of a bucket is known.
 *
 * @param {Dataset} dataset
 * @param {Bucket} bucket
 */
function isUnknown({ missing }, { from, to }) {
  return missing.some((gap) => gap[0] <= from && to <= gap[1]);
}

/**
 * Values of the metric that a question asks for, as counts in its places: as text, exactly, and as
 * numbers to draw.
 *
 * @import { Dataset, Metric } from "./types.js"
 */

import { exact, metricPlaces, shownCount } from "./numbers.js";

/** @type {Record<Metric, string>} */
const LABELS = {
  cost: "Cost",
  credits: "Credits",
  list_cost: "List cost",
  job_runs: "Job runs",
  run_minutes: "Run minutes",
  cost_per_run: "Cost per run",
};
const MONEY = new Set(["cost", "list_cost", "cost_per_run"]);

/** @param {Metric} metric */
export function metricLabel(metric) {
  return LABELS[metric];
}

/** @param {Metric} metric */
export function isMoney(metric) {
  return MONEY.has(metric);
}

/**
 * As people read it: `$12.50`, `1,475`, `not known`.
 *
 * @param {bigint | null} count
 * @param {Metric} metric
 * @param {Dataset} dataset
 */
export function shownValue(count, metric, dataset) {
  const value = count === null ? null : { count, places: metricPlaces(metric, dataset) };
  return shownCount(value, metric, dataset);
}

/**
 * All digits; empty where it is not known.
 *
 * @param {bigint | null} count
 * @param {Metric} metric
 * @param {Dataset} dataset
 */
export function exactValue(count, metric, dataset) {
  return count === null ? "" : exact(count, metricPlaces(metric, dataset));
}

/**
 * As a number, which is near enough to draw.
 *
 * @param {bigint | null} count
 * @param {Metric} metric
 * @param {Dataset} dataset
 */
export function drawnValue(count, metric, dataset) {
  return count === null ? null : Number(count) / 10 ** metricPlaces(metric, dataset);
}

/**
 * Values of the metric that a question asks for: as text, exactly, and as numbers to draw.
 *
 * @import { Amounts, Dataset, Metric } from "./types.js"
 */

import { exact, minutes, money, wholeNumber } from "./numbers.js";

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
 * @param {Dataset} dataset
 * @param {Metric} metric
 */
export function metricPlaces(dataset, metric) {
  if (metric === "cost_per_run") return 6;
  const measure = metric === "run_minutes" ? "job_seconds" : metric;
  return dataset.measures.get(measure)?.places ?? 0;
}

/**
 * As people read it: `$12.50`, `1,475`, `not known`.
 *
 * @param {bigint | null} value
 * @param {Dataset} dataset
 * @param {Metric} metric
 */
export function shownValue(value, dataset, metric) {
  if (value === null) return "not known";
  const places = metricPlaces(dataset, metric);
  if (isMoney(metric)) return money(value, places, dataset.currency);
  return metric === "run_minutes" ? minutes(value, places) : wholeNumber(value, places);
}

/**
 * All digits; empty where it is not known.
 *
 * @param {bigint | null} value
 * @param {Dataset} dataset
 * @param {Metric} metric
 */
export function exactValue(value, dataset, metric) {
  return value === null ? "" : exact(value, metricPlaces(dataset, metric));
}

/**
 * As a number, which is near enough to draw.
 *
 * @param {bigint | null} value
 * @param {Dataset} dataset
 * @param {Metric} metric
 */
export function drawnValue(value, dataset, metric) {
  const unit = 10 ** metricPlaces(dataset, metric) * (metric === "run_minutes" ? 60 : 1);
  return value === null ? null : Number(value) / unit;
}

/**
 * The metric of sums, in its own places; null for what is not known or is no sum.
 *
 * @param {Amounts} amounts
 * @param {Metric} metric
 */
export function metricSum(amounts, metric) {
  if (metric === "cost_per_run") return null;
  return amounts[metric === "run_minutes" ? "job_seconds" : metric];
}

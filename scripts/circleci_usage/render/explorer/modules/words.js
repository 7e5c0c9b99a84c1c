/**
 * What metrics, ranges and filters are called.
 *
 * @import { Answer, Dataset, Dimension, Filter } from "./types.js"
 */

import { readableRange } from "./days.js";
import { visibleName } from "./elements.js";
import { metricLabel } from "./metric_values.js";
import { isLiteral, plainOf } from "./names.js";

/** How many groups can be listed. */
export const TOPS = [5, 10, 20, 50, 100];

export const COMPARE_LABELS = {
  "": "No comparison",
  previous: "Previous period",
  year: "Same days a year earlier",
};

export const GRANULARITY_LABELS = { day: "Day", week: "Week", month: "Month" };

export const CHART_LABELS = { bars: "Stacked bars", treemap: "Treemap" };

const MOST_NAMES = 3;

/**
 * The dimension of a name, which the dataset has.
 *
 * @param {Dataset} dataset
 * @param {string} name
 * @returns {Dimension}
 */
export function dimensionNamed(dataset, name) {
  const found = dataset.dimensions.get(name);
  if (!found) throw new Error(`There is no dimension ${name}.`);
  return found;
}

/**
 * `web, shop-* and 4 more`
 *
 * @param {string[]} patterns
 */
export function patternsInWords(patterns) {
  const shown = patterns.slice(0, MOST_NAMES).map(patternInWords).join(", ");
  const others = patterns.length - MOST_NAMES;
  return others > 0 ? `${shown} and ${others} more` : shown;
}

/**
 * A name as it is, a pattern with its stars.
 *
 * @param {string} pattern
 */
export function patternInWords(pattern) {
  return visibleName(isLiteral(pattern) ? plainOf(pattern) : pattern);
}

/**
 * `Project: not web`
 *
 * @param {Filter} filter
 * @param {Dataset} dataset
 */
export function filterInWords(filter, dataset) {
  const label = dimensionNamed(dataset, filter.dimension).label;
  return `${label}: ${filter.excludes ? "not " : ""}${patternsInWords(filter.patterns)}`;
}

/**
 * `Cost by team and project`
 *
 * @param {Answer} answer
 * @param {Dataset} dataset
 */
export function titleOf({ question }, dataset) {
  const labels = question.by.map((name) => inSentence(dimensionNamed(dataset, name).label));
  const metric = metricLabel(question.metric);
  return labels.length === 0 ? metric : `${metric} by ${labels.join(" and ")}`;
}

/**
 * `Project: web · Status: not failed`
 *
 * @param {Filter[]} filters
 * @param {Dataset} dataset
 */
export function filtersInWords(filters, dataset) {
  return filters.map((filter) => filterInWords(filter, dataset)).join(" · ");
}

/**
 * A label inside of a sentence: `resource class`; names such as `OS` stay as they are.
 *
 * @param {string} label
 */
export function inSentence(label) {
  const isName = /^[A-Z]{2}/.test(label);
  return isName ? label : label.charAt(0).toLowerCase() + label.slice(1);
}

/**
 * `Oct 1–31, 2026 · by day · compared with Sep 1–30, 2026`
 *
 * @param {Answer} answer
 */
export function rangeInWords({ question, comparedRange }) {
  const parts = [readableRange(question.from, question.to), `by ${question.granularity}`];
  if (comparedRange) parts.push(`compared with ${readableRange(...comparedRange)}`);
  return parts.join(" · ");
}

/**
 * `1 project`, `1,475 projects`, `20 more projects`
 *
 * @param {number} count
 * @param {Dimension} dimension
 * @param {string} more a word before the noun
 */
export function countOfGroups(count, { label, plural }, more = "") {
  const noun = inSentence(count === 1 ? label : plural);
  return `${count.toLocaleString("en-US")} ${more}${noun}`;
}

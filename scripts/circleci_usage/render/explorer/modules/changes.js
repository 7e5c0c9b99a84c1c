/**
 * Changes of a question that bring others with them.
 *
 * @import { Compare, Filter, Question } from "./types.js"
 */

import { usualGranularity } from "./days.js";

/**
 * Another range; with the granularity that is usual for it, unless another was chosen.
 *
 * @param {Question} question
 * @param {number} from
 * @param {number} to
 * @returns {Question}
 */
export function withRange(question, from, to) {
  const isUsual = question.granularity === usualGranularity(question.from, question.to);
  const granularity = isUsual ? usualGranularity(from, to) : question.granularity;
  return { ...question, from, to, granularity };
}

/**
 * Other groups; rows that were sorted by a dimension that is gone are sorted by the metric.
 *
 * @param {Question} question
 * @param {string[]} by
 * @returns {Question}
 */
export function withBy(question, by) {
  const isGone = question.by.includes(question.sort) && !by.includes(question.sort);
  return isGone ? { ...question, by, sort: "", ascending: false } : { ...question, by };
}

/**
 * Another comparison; without one, no rows are sorted by change.
 *
 * @param {Question} question
 * @param {Compare} compare
 * @returns {Question}
 */
export function withCompare(question, compare) {
  const isGone = compare === "" && question.sort === "change";
  return isGone ? { ...question, compare, sort: "", ascending: false } : { ...question, compare };
}

/**
 * The order by a column: a second time, the other way around. Names start with A, amounts with the
 * largest.
 *
 * @param {Question} question
 * @param {string} column
 * @returns {Question}
 */
export function withSort(question, column) {
  const sort = column === question.metric ? "" : column;
  const isAgain = sort === question.sort;
  const ascending = isAgain ? !question.ascending : question.by.includes(column);
  return { ...question, sort, ascending };
}

/**
 * Filters with one more; it replaces one of the same kind on the same dimension, and without
 * patterns it only takes that away.
 *
 * @param {Filter[]} where
 * @param {Filter} filter
 * @returns {Filter[]}
 */
export function withFilter(where, filter) {
  const isSame = (/** @type {Filter} */ each) => isSameKind(each, filter);
  const place = where.findIndex(isSame);
  const others = where.filter((each) => !isSame(each));
  if (filter.patterns.length === 0) return others;
  return place < 0
    ? [...others, filter]
    : [...others.slice(0, place), filter, ...others.slice(place)];
}

/**
 * @param {Filter} one
 * @param {Filter} other
 */
export function isSameKind(one, other) {
  return one.dimension === other.dimension && one.excludes === other.excludes;
}

/**
 * From a group into it, and back: pure changes of a question.
 *
 * @import { Filter, Question } from "./types.js"
 */

import { withBy, withFilter } from "./changes.js";
import { isLiteral, literal, plainOf } from "./names.js";

/** @type {Record<string, string>} */
const INSIDE = {
  team: "project",
  organization: "project",
  project: "workflow",
  workflow: "job",
  job: "resource_class",
};
const FROM_ANYWHERE = "project";

/**
 * A filter on one name: a step of the path.
 *
 * @typedef {{dimension: string, name: string, place: number}} Crumb `place`: its index in `where`
 */

/**
 * The filters on exactly one name, in their order.
 *
 * @param {Filter[]} where
 * @returns {Crumb[]}
 */
export function crumbsOf(where) {
  return where.flatMap(({ dimension, excludes, patterns }, place) => {
    const isOneName = !excludes && patterns.length === 1 && isLiteral(patterns[0]);
    return isOneName ? [{ dimension, name: plainOf(patterns[0]), place }] : [];
  });
}

/**
 * Into a group: filtered on its names, grouped by what is inside of it.
 *
 * @param {Question} question
 * @param {string[]} names of the group: as many of `by` as it has
 * @returns {Question}
 */
export function drillDown(question, names) {
  const opened = question.by.slice(0, names.length);
  let { where } = question;
  opened.forEach((dimension, index) => {
    where = withFilter(where, { dimension, excludes: false, patterns: [literal(names[index])] });
  });
  const left = question.by.slice(names.length);
  const by = left.length > 0 ? left : nextBy(opened[opened.length - 1], where);
  return { ...withBy(question, by), where };
}

/**
 * What is inside of a dimension and not yet down to one name.
 *
 * @param {string} dimension
 * @param {Filter[]} where
 */
function nextBy(dimension, where) {
  const known = new Set(crumbsOf(where).map((crumb) => crumb.dimension));
  let next = INSIDE[dimension] ?? FROM_ANYWHERE;
  while (known.has(next) && next in INSIDE) next = INSIDE[next];
  return known.has(next) ? [] : [next];
}

/**
 * Back to a step of the path; -1 is its beginning.
 *
 * @param {Question} question
 * @param {number} step its index among the crumbs
 * @returns {Question}
 */
export function goBack(question, step) {
  const left = crumbsOf(question.where).slice(step + 1);
  if (left.length === 0) return question;
  const places = new Set(left.map((crumb) => crumb.place));
  const where = question.where.filter((_, place) => !places.has(place));
  const by = [left[0].dimension];
  return { ...withBy(question, by), where };
}

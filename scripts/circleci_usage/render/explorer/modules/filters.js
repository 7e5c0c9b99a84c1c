/**
 * Filters as chips, and the path of those on one name.
 *
 * @import { Dataset, Filter, Question } from "./types.js"
 * @import { Ask } from "./controls.js"
 */

import { crumbsOf, goBack } from "./drill.js";
import { makeButton, nameElement } from "./elements.js";
import { html } from "./markup.js";
import { dimensionNamed, filterInWords } from "./words.js";

/**
 * A chip for each filter: its text opens it, its cross takes it away.
 *
 * @param {Question} question
 * @param {Dataset} dataset
 * @param {Ask} ask
 * @param {(filter: Filter) => void} edit
 * @returns {HTMLElement[]}
 */
export function filterChips({ where }, dataset, ask, edit) {
  return where.map((filter, place) => {
    const words = filterInWords(filter, dataset);
    const key = `${filter.dimension}${filter.excludes ? "!" : ""}`;
    const open = { class: "open", title: `Change this filter: ${words}` };
    const remove = { class: "remove", "aria-label": `Remove the filter ${words}` };
    const without = () => ask({ where: where.filter((_, each) => each !== place) });
    return html(
      "li",
      { class: filter.excludes ? "chip excludes" : "chip", "data-filter": filter.dimension },
      makeButton(`filter:${key}`, open, () => edit(filter), html("bdi", {}, words)),
      makeButton(`remove:${key}`, remove, without, "×"),
    );
  });
}

/**
 * The way from everything to what is shown; each step but the last is a button.
 *
 * @param {Question} question
 * @param {Dataset} dataset
 * @param {Ask} ask
 * @returns {HTMLElement[]} nothing where there are no steps
 */
export function pathOf(question, dataset, ask) {
  const crumbs = crumbsOf(question.where);
  if (crumbs.length === 0) return [];
  const steps = crumbs.map(({ dimension, name }, step) => {
    const label = html("span", { class: "kind" }, `${dimensionNamed(dataset, dimension).label} `);
    const content = [label, nameElement(name)];
    if (step === crumbs.length - 1) return html("span", { "aria-current": "page" }, ...content);
    return makeButton(`step:${step}`, {}, () => ask(goBack(question, step)), ...content);
  });
  const all = makeButton("step:all", {}, () => ask(goBack(question, -1)), "All costs");
  return [html("ol", {}, ...[all, ...steps].map((step) => html("li", {}, step)))];
}

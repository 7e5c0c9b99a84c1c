/**
 * What charts have in common: a caption, and what a picture of them says of their scope.
 *
 * @import { Dataset, Question } from "./types.js"
 */

import { readableRange } from "./days.js";
import { html } from "./markup.js";
import { filtersInWords } from "./words.js";

/**
 * @param {Question} question
 * @param {Dataset} dataset
 * @param {string} caption
 * @param {Node[]} content
 */
export function chartFigure(question, dataset, caption, ...content) {
  const scope = {
    "data-range": readableRange(question.from, question.to),
    "data-filters": filtersInWords(question.where, dataset),
  };
  const text = html("figcaption", {}, caption);
  return html("figure", { class: "chart-figure", ...scope }, text, ...content);
}

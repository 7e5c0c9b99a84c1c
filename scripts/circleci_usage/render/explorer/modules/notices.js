/**
 * What to know about the numbers that are shown.
 *
 * @import { Answer, Dataset, Folded } from "./types.js"
 * @import { Ask } from "./controls.js"
 */

import { readableRange } from "./days.js";
import { makeButton, visibleName } from "./elements.js";
import { html } from "./markup.js";
import { money, wholeNumber } from "./numbers.js";
import { dimensionNamed, inSentence } from "./words.js";

/**
 * @param {Answer} answer
 * @param {Dataset} dataset
 * @param {string[]} unknown parts of the address
 * @param {Ask} ask
 * @returns {HTMLElement[]} an element for each notice
 */
export function noticesOf(answer, dataset, unknown, ask) {
  return [
    ...nothingFound(answer, ask),
    ...notUnderstood(unknown),
    ...missingNotice(answer, dataset),
    ...comparedDays(answer),
    ...withoutPrice(answer, dataset),
    ...foldedValues(dataset),
  ];
}

/**
 * @param {Answer} answer
 * @param {Ask} ask
 */
function nothingFound({ lines, question }, ask) {
  if (lines > 0) return [];
  const range = readableRange(question.from, question.to);
  if (question.where.length === 0) return [html("p", {}, `No usage found in ${range}.`)];
  const clear = makeButton("clear", {}, () => ask({ where: [] }), "Clear filters");
  return [html("p", {}, `Nothing in ${range} matches these filters. `, clear)];
}

/** @param {string[]} unknown */
function notUnderstood(unknown) {
  if (unknown.length === 0) return [];
  const words = unknown.map(visibleName).join(", ");
  return [html("p", {}, "Not understood in the address, and ignored: ", html("bdi", {}, words))];
}

/**
 * @param {Answer} answer
 * @param {Dataset} dataset
 */
function missingNotice({ question }, { missing }) {
  const inside = missing
    .map(([from, to]) => [Math.max(from, question.from), Math.min(to, question.to)])
    .filter(([from, to]) => from <= to);
  if (inside.length === 0) return [];
  const ranges = inside.map(([from, to]) => readableRange(from, to)).join("; ");
  return [
    html("p", {}, `Usage is not known for ${ranges}. The amounts do not include these days.`),
  ];
}

/** @param {Answer} answer */
function comparedDays({ comparedRange, comparedKnown }) {
  if (!comparedRange || comparedKnown) return [];
  const range = readableRange(...comparedRange);
  return [html("p", {}, `Usage is not known for all days of ${range}, so changes are not known.`)];
}

/**
 * @param {Answer} answer
 * @param {Dataset} dataset
 */
function withoutPrice({ totals }, { measures }) {
  const count = totals.unpriced_credits;
  if (count === 0n) return [];
  const credits = wholeNumber(count, measures.get("unpriced_credits")?.places ?? 0);
  const words = `${credits} ${credits === "1" ? "credit has" : "credits have"} no price.`;
  return [html("p", {}, `${words} The costs do not include them.`)];
}

/**
 * What had to be summed up to keep the page small.
 *
 * @param {Dataset} dataset
 */
function foldedValues(dataset) {
  if (dataset.folded.length === 0) return [];
  /** @type {Map<string, string[]>} */
  const labels = new Map();
  for (const folded of dataset.folded) {
    const whose = whoseInWords(folded, dataset);
    const label = inSentence(dimensionNamed(dataset, folded.dimension).label);
    labels.set(whose, [...(labels.get(whose) ?? []), label]);
  }
  const parts = [...labels].map(([whose, names]) => `${names.join(", ")} of ${whose}`).join("; ");
  const why = "To keep this page small, these go by “(smaller lines)”";
  return [html("p", {}, `${why}: ${parts}. Totals are exact.`)];
}

/**
 * `the 120 smallest of 4,000 jobs ($12.34)`
 *
 * @param {Folded} folded
 * @param {Dataset} dataset
 */
function whoseInWords({ whose, values, folded, cost }, dataset) {
  const plural = inSentence(dimensionNamed(dataset, whose).plural);
  const [some, all] = [folded, values].map((count) => count.toLocaleString("en-US"));
  const [whole, fraction = ""] = cost.split(".");
  const amount = money(BigInt(whole + fraction), fraction.length, dataset.currency);
  return `the ${some} smallest of ${all} ${plural} (${amount})`;
}

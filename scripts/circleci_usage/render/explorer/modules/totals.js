/**
 * The totals: the question's metric in large, with its change, and all others.
 *
 * @import { Answer, Dataset, Metric } from "./types.js"
 */

import { changeOf, toneOf } from "./columns.js";
import { readableRange } from "./days.js";
import { html, styled } from "./markup.js";
import { metricLabel } from "./metric_values.js";
import { exact, metricCount, percentChange, shownCount } from "./numbers.js";
import { METRICS } from "./question.js";

/**
 * @param {Answer} answer
 * @param {Dataset} dataset
 * @returns {HTMLElement[]}
 */
export function totalElements(answer, dataset) {
  const { metric } = answer.question;
  const others = METRICS.filter((name) => name !== metric);
  const amount = totalElement(answer, metric, dataset, "p");
  amount.classList.add("cost");
  styled(amount, { "--digits": String(amount.textContent?.length) });
  const label = html("p", { class: "eyebrow" }, metricLabel(metric));
  const figure = html("div", { class: "figure" }, label, amount, ...changeLine(answer, dataset));
  const facts = others.map((name) =>
    html(
      "div",
      {},
      html("dt", {}, metricLabel(name)),
      totalElement(answer, name, dataset, "dd"),
      ...changeFact(answer, name, dataset),
    ),
  );
  return [figure, html("dl", { class: "facts" }, ...facts)];
}

/**
 * @param {Answer} answer
 * @param {Metric} metric
 * @param {Dataset} dataset
 * @param {"p" | "dd"} tag
 */
function totalElement({ totals }, metric, dataset, tag) {
  const value = metricCount(totals, metric, dataset);
  const attributes = {
    "data-total": metric,
    "data-value": value ? exact(value.count, value.places) : "",
  };
  return html(tag, attributes, shownCount(value, metric, dataset));
}

/**
 * How much more or less than before the total is.
 *
 * @param {Answer} answer
 * @param {Metric} metric
 * @param {Dataset} dataset
 */
function changeWords({ totals, compared }, metric, dataset) {
  const now = metricCount(totals, metric, dataset);
  const before = compared && metricCount(compared, metric, dataset);
  if (!(now && before)) return { words: "not known", tone: "", before: "not known" };
  const words = percentChange(now.count, before.count);
  const isCost = metric !== "job_runs" && metric !== "run_minutes";
  const tone = isCost ? toneOf(changeOf(now, before)) : "";
  return { words, tone, before: shownCount(before, metric, dataset) };
}

/**
 * @param {Answer} answer
 * @param {Dataset} dataset
 */
function changeLine(answer, dataset) {
  const range = answer.comparedRange;
  if (!range) return [];
  const { words, tone, before } = changeWords(answer, answer.question.metric, dataset);
  const days = readableRange(...range);
  if (before === "not known") {
    return [html("p", { class: "change" }, `Change vs. ${days}: not known`)];
  }
  const change = html("span", { class: tone }, words);
  return [html("p", { class: "change" }, change, ` vs. ${before} in ${days}`)];
}

/**
 * @param {Answer} answer
 * @param {Metric} metric
 * @param {Dataset} dataset
 */
function changeFact(answer, metric, dataset) {
  if (!answer.comparedRange) return [];
  const { words, tone, before } = changeWords(answer, metric, dataset);
  if (before === "not known") return [html("dd", { class: "detail" }, "change not known")];
  return [html("dd", { class: "detail" }, html("span", { class: tone }, words), ` vs. ${before}`)];
}

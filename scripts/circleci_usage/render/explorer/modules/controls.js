/**
 * The fields above the chart: range, groups, metric. They are made once and then kept in step, so
 * that the one that is in use stays as it is.
 *
 * @import { ChartKind, Compare, Dataset, Granularity, Metric, Question } from "./types.js"
 *
 * @typedef {(changes: Partial<Question>) => void} Ask shows the question with some changes
 * @typedef {(question: Question) => void} Show
 */

import { withBy, withCompare, withRange } from "./changes.js";
import { formatDay, parseDay, presets } from "./days.js";
import { byId } from "./elements.js";
import { html } from "./markup.js";
import { metricLabel } from "./metric_values.js";
import { METRICS } from "./question.js";
import { CHART_LABELS, COMPARE_LABELS, GRANULARITY_LABELS, TOPS } from "./words.js";

const CUSTOM = "Custom range";

/**
 * Make all fields.
 *
 * @param {Dataset} dataset
 * @param {() => Question} questionNow
 * @param {Ask} ask
 * @returns {Show} keeps them in step with a question
 */
export function startControls(dataset, questionNow, ask) {
  const parts = [
    presetField(dataset, questionNow, ask),
    dayField("from", dataset, questionNow, ask),
    dayField("to", dataset, questionNow, ask),
    groupFields(dataset, questionNow, ask),
    topField(ask),
    choice("metric", labeled(METRICS, metricLabel), (value) => {
      ask({ metric: /** @type {Metric} */ (value), sort: "", ascending: false });
    }),
    choice("granularity", Object.entries(GRANULARITY_LABELS), (value) => {
      ask({ granularity: /** @type {Granularity} */ (value) });
    }),
    choice("compare", Object.entries(COMPARE_LABELS), (value) => {
      ask(withCompare(questionNow(), /** @type {Compare} */ (value)));
    }),
    choice("chart", Object.entries(CHART_LABELS), (value) => {
      ask({ chart: /** @type {ChartKind} */ (value) });
    }),
  ];
  return (question) => {
    for (const show of parts) show(question);
  };
}

/**
 * @template {string} Name
 * @param {readonly Name[]} names
 * @param {(name: Name) => string} labelOf
 * @returns {[string, string][]}
 */
function labeled(names, labelOf) {
  return names.map((name) => [name, labelOf(name)]);
}

/**
 * A field of choices whose id is the part of the question that it shows.
 *
 * @param {"metric" | "granularity" | "compare" | "chart"} id
 * @param {[string, string][]} choices values and labels
 * @param {(value: string) => void} onChoice
 * @returns {Show}
 */
function choice(id, choices, onChoice) {
  const field = byId(id, HTMLSelectElement);
  fill(field, choices);
  field.addEventListener("change", () => onChoice(field.value));
  return (question) => {
    field.value = question[id];
  };
}

/**
 * @param {HTMLSelectElement} field
 * @param {[string, string][]} choices
 */
function fill(field, choices) {
  field.replaceChildren(...choices.map(([value, label]) => html("option", { value }, label)));
}

/**
 * @param {Dataset} dataset
 * @param {() => Question} questionNow
 * @param {Ask} ask
 * @returns {Show}
 */
function presetField(dataset, questionNow, ask) {
  const field = byId("preset", HTMLSelectElement);
  const ranges = presets(dataset);
  fill(field, [
    ...labeled(
      ranges.map(({ label }) => label),
      String,
    ),
    ["", CUSTOM],
  ]);
  field.addEventListener("change", () => {
    const range = ranges.find(({ label }) => label === field.value);
    if (range) ask(withRange(questionNow(), range.from, range.to));
  });
  return ({ from, to }) => {
    const isShown = ranges.some((range) => isRange(range, from, to) && range.label === field.value);
    const range = ranges.find((each) => isRange(each, from, to));
    if (!isShown) field.value = range?.label ?? "";
    field.options[ranges.length].hidden = range !== undefined;
  };
}

/**
 * @param {{from: number, to: number}} range
 * @param {number} from
 * @param {number} to
 */
function isRange(range, from, to) {
  return range.from === from && range.to === to;
}

/**
 * A day: taken once it is one that is known; a field that is left with another shows the last.
 *
 * @param {"from" | "to"} id
 * @param {Dataset} dataset
 * @param {() => Question} questionNow
 * @param {Ask} ask
 * @returns {Show}
 */
function dayField(id, dataset, questionNow, ask) {
  const field = byId(id, HTMLInputElement);
  field.min = formatDay(dataset.first);
  field.max = formatDay(dataset.last);
  /** @type {Show} */
  const show = (question) => {
    if (document.activeElement !== field) field.value = formatDay(question[id]);
  };
  field.addEventListener("change", () => {
    const day = parseDay(field.value);
    if (day === null || day < dataset.first || day > dataset.last) return;
    const question = questionNow();
    const from = id === "from" ? day : Math.min(question.from, day);
    const to = id === "to" ? day : Math.max(question.to, day);
    ask(withRange(question, from, to));
  });
  field.addEventListener("blur", () => {
    field.value = formatDay(questionNow()[id]);
  });
  return show;
}

/**
 * @param {Dataset} dataset
 * @param {() => Question} questionNow
 * @param {Ask} ask
 * @returns {Show}
 */
function groupFields(dataset, questionNow, ask) {
  const fields = [byId("by-1", HTMLSelectElement), byId("by-2", HTMLSelectElement)];
  /** @type {[string, string][]} */
  const choices = [...dataset.dimensions.values()].map(({ name, label }) => [name, label]);
  for (const field of fields) {
    fill(field, [["", "None"], ...choices]);
    field.addEventListener("change", () => {
      const chosen = fields.map(({ value }) => value).filter((name) => name !== "");
      ask(withBy(questionNow(), [...new Set(chosen)]));
    });
  }
  return ({ by }) => {
    fields.forEach((field, index) => {
      field.value = by[index] ?? "";
    });
    fields[1].disabled = by.length === 0;
    for (const option of fields[1].options) option.disabled = option.value === by[0];
  };
}

/**
 * @param {Ask} ask
 * @returns {Show}
 */
function topField(ask) {
  const field = byId("top", HTMLSelectElement);
  field.addEventListener("change", () => ask({ top: Number(field.value) }));
  return ({ top }) => {
    const counts = [...new Set([...TOPS, top])].sort((one, other) => one - other);
    const isFilled = [...field.options].some(({ value }) => Number(value) === top);
    if (!isFilled)
      fill(
        field,
        labeled(counts.map(String), (count) => `Top ${count}`),
      );
    field.value = String(top);
  };
}

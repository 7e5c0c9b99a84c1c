/**
 * What the page is asked, and the address that holds it: `#by=team&project=web-*&from=2026-10-01`.
 *
 * Anybody may have written an address: what it has that is not understood is left out and named.
 *
 * @import { ChartKind, Compare, Dataset, Filter, Granularity, Metric, Question } from "./types.js"
 *
 * @typedef {{key: string, value: string}} Parameter
 */

import { formatDay, parseDay, usualGranularity } from "./days.js";
import { splitAtCommas } from "./names.js";

/** @type {readonly Metric[]} */
export const METRICS = ["cost", "credits", "list_cost", "job_runs", "run_minutes", "cost_per_run"];
/** @type {readonly Granularity[]} */
export const GRANULARITIES = ["day", "week", "month"];
/** @type {readonly Compare[]} */
const COMPARES = ["", "previous", "year"];
/** @type {readonly ChartKind[]} */
const CHARTS = ["bars", "treemap"];
/** @type {readonly ("asc" | "desc")[]} */
const ORDERS = ["desc", "asc"];

const PARAMETERS = ["by", "from", "to", "granularity", "metric", "compare", "top"].concat([
  "sort",
  "order",
  "chart",
]);
const DEFAULT_BY = "project";
const MOST_BY = 2;
const DEFAULT_TOP = 20;
const MOST_TOP = 10_000;

/**
 * The question of an address, and the parts of it that are not understood.
 *
 * @param {string} hash with or without its `#`
 * @param {Dataset} dataset
 * @returns {{question: Question, unknown: string[]}}
 */
export function readAddress(hash, dataset) {
  const reader = new AddressReader(parametersOf(hash), dataset);
  const [from, to] = reader.range();
  const by = reader.by();
  const question = {
    by,
    where: reader.where(),
    from,
    to,
    granularity: reader.choice("granularity", GRANULARITIES, usualGranularity(from, to)),
    metric: reader.choice("metric", METRICS, "cost"),
    compare: reader.choice("compare", COMPARES, ""),
    top: reader.top(),
    sort: reader.choice("sort", ["", ...by, ...METRICS, "change"], ""),
    ascending: reader.choice("order", ORDERS, "desc") === "asc",
    chart: reader.choice("chart", CHARTS, "bars"),
  };
  return { question, unknown: [...reader.unknown] };
}

/**
 * @param {string} hash
 * @returns {Parameter[]}
 */
function parametersOf(hash) {
  const parts = hash.replace(/^#/, "").split("&");
  return parts.filter((part) => part !== "").map(parameterOf);
}

/**
 * @param {string} part
 * @returns {Parameter}
 */
function parameterOf(part) {
  const sign = part.indexOf("=");
  if (sign < 0) return { key: decoded(part), value: "" };
  return { key: decoded(part.slice(0, sign)), value: decoded(part.slice(sign + 1)) };
}

/**
 * Text without percent-encoding; what is malformed stays, what is not UTF-8 becomes U+FFFD.
 *
 * @param {string} text
 */
function decoded(text) {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    const bytes = encoded.slice(1).split("%");
    return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)));
  });
}

/** Reads one parameter after another, and collects what is not understood. */
class AddressReader {
  /** @type {Map<string, string>} */
  #given = new Map();
  /** @type {Map<string, Filter>} */
  #filters = new Map();
  #dataset;

  /**
   * @param {Parameter[]} parameters
   * @param {Dataset} dataset
   */
  constructor(parameters, dataset) {
    /** @type {Set<string>} */
    this.unknown = new Set();
    this.#dataset = dataset;
    for (const { key, value } of parameters) this.#take(key, value);
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  #take(key, value) {
    const excludes = key.endsWith("!");
    const dimension = excludes ? key.slice(0, -1) : key;
    if (PARAMETERS.includes(key)) this.#given.set(key, value);
    else if (this.#dataset.dimensions.has(dimension)) this.#addFilter(key, dimension, value);
    else this.unknown.add(key);
  }

  /**
   * @param {string} key
   * @param {string} dimension
   * @param {string} value
   */
  #addFilter(key, dimension, value) {
    const patterns = splitAtCommas(value);
    if (patterns.length === 0) this.unknown.add(`${key}=${value}`);
    const filter = this.#filters.get(key) ?? {
      dimension,
      excludes: key !== dimension,
      patterns: [],
    };
    for (const pattern of patterns) filter.patterns.push(pattern);
    this.#filters.set(key, filter);
  }

  /** @returns {Filter[]} */
  where() {
    const filters = [...this.#filters.values()].filter((filter) => filter.patterns.length > 0);
    return filters.map((filter) => ({ ...filter, patterns: [...new Set(filter.patterns)] }));
  }

  /** The dimensions to group by. */
  by() {
    const written = this.#given.get("by");
    if (written === undefined) return this.#defaultBy();
    const names = [...new Set(splitAtCommas(written))];
    const known = names.filter((name) => this.#dataset.dimensions.has(name)).slice(0, MOST_BY);
    for (const name of names) if (!known.includes(name)) this.unknown.add(`by=${name}`);
    return names.length > 0 && known.length === 0 ? this.#defaultBy() : known;
  }

  #defaultBy() {
    return this.#dataset.dimensions.has(DEFAULT_BY) ? [DEFAULT_BY] : [];
  }

  /**
   * The days, clipped to those that are known; the report's period for others.
   *
   * @returns {[number, number]}
   */
  range() {
    const { first, last } = this.#dataset;
    const [usualFrom, usualTo] = usualRange(this.#dataset);
    const from = this.#day("from") ?? usualFrom;
    const to = this.#day("to") ?? (from > usualTo ? last : usualTo);
    if (from <= to && from <= last && to >= first)
      return [Math.max(from, first), Math.min(to, last)];
    for (const key of ["from", "to"]) if (this.#given.has(key)) this.#refuse(key);
    return [usualFrom, usualTo];
  }

  /** @param {string} key */
  #day(key) {
    const day = parseDay(this.#given.get(key) ?? "");
    if (day === null && this.#given.has(key)) this.#refuse(key);
    return day;
  }

  top() {
    const written = this.#given.get("top") ?? String(DEFAULT_TOP);
    if (/^\d+$/.test(written) && Number(written) > 0) return Math.min(Number(written), MOST_TOP);
    this.#refuse("top");
    return DEFAULT_TOP;
  }

  /**
   * One of some texts.
   *
   * @template {string} Choice
   * @param {string} key
   * @param {readonly Choice[]} choices
   * @param {Choice} usual
   * @returns {Choice}
   */
  choice(key, choices, usual) {
    const written = this.#given.get(key);
    if (written === undefined) return usual;
    const found = choices.find((choice) => choice === written);
    if (found === undefined) this.#refuse(key);
    return found ?? usual;
  }

  /** @param {string} key */
  #refuse(key) {
    this.unknown.add(`${key}=${this.#given.get(key)}`);
  }
}

/**
 * The days that an address without days is about: the report's period, as far as it is known.
 *
 * @param {Dataset} dataset
 * @returns {[number, number]}
 */
function usualRange({ first, last, period }) {
  const [from, to] = [Math.max(period[0], first), Math.min(period[1], last)];
  return from <= to ? [from, to] : [first, last];
}

/**
 * The address of a question, without `#`: always the same for the same question.
 *
 * @param {Question} question
 * @param {Dataset} dataset
 * @param {boolean} isComplete whether the days are in it even where they are the usual ones
 */
export function writeAddress(question, dataset, isComplete = false) {
  const parameters = [
    ...filtersAndGroups(question),
    ...writtenDays(question, dataset, isComplete),
    ...choices(question),
  ];
  return parameters.map(([key, value]) => `${encoded(key)}=${encoded(value)}`).join("&");
}

/**
 * @param {Question} question
 * @returns {Generator<[string, string]>}
 */
function* filtersAndGroups({ by, where }) {
  if (by.join() !== DEFAULT_BY) yield ["by", by.join()];
  for (const { dimension, excludes, patterns } of where) {
    if (patterns.length > 0) yield [`${dimension}${excludes ? "!" : ""}`, patterns.join()];
  }
}

/**
 * @param {Question} question
 * @param {Dataset} dataset
 * @param {boolean} isComplete
 * @returns {Generator<[string, string]>}
 */
function* writtenDays({ from, to }, dataset, isComplete) {
  const [usualFrom, usualTo] = usualRange(dataset);
  if (!isComplete && from === usualFrom && to === usualTo) return;
  yield ["from", formatDay(from)];
  yield ["to", formatDay(to)];
}

/**
 * @param {Question} question
 * @returns {Generator<[string, string]>}
 */
function* choices({ from, to, granularity, metric, compare, top, sort, ascending, chart }) {
  if (granularity !== usualGranularity(from, to)) yield ["granularity", granularity];
  if (metric !== "cost") yield ["metric", metric];
  if (compare !== "") yield ["compare", compare];
  if (top !== DEFAULT_TOP) yield ["top", String(top)];
  if (sort !== "") yield ["sort", sort];
  if (ascending) yield ["order", "asc"];
  if (chart !== "bars") yield ["chart", chart];
}

/**
 * Percent-encoded where it must be; what separates texts stays readable.
 *
 * @param {string} text
 */
function encoded(text) {
  const wellFormed = text.replace(/\p{Surrogate}/gu, "\ufffd");
  return encodeURIComponent(wellFormed).replace(/%(?:2C|3A|2F|3D|40|3F)/g, decodeURIComponent);
}

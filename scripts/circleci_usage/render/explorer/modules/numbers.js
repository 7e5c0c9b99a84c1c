/**
 * Amounts as text: exactly, and as people read them. The texts are those of index.html.
 *
 * An amount is a count of 10^-places, such as 1250n with 2 places for 12.50.
 *
 * @import { Amounts, Dataset, Metric } from "./types.js"
 * @typedef {{count: bigint, places: number}} Scaled
 */

/** @type {Record<string, string>} */
const SYMBOLS = { USD: "$", EUR: "€", GBP: "£" };
const MINUS = "−";
const NOT_KNOWN = "not known";
const RATIO_PLACES = 6;

/** @param {bigint} value */
function absolute(value) {
  return value < 0n ? -value : value;
}

/**
 * Ten to the power of a whole number.
 *
 * @param {number} exponent
 */
function tenTo(exponent) {
  return 10n ** BigInt(exponent);
}

/**
 * All digits, without trailing zeros: `12.5`, `-0.001`, `1100`.
 *
 * @param {bigint} count
 * @param {number} places
 */
export function exact(count, places) {
  const digits = absolute(count)
    .toString()
    .padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  const fraction = digits.slice(digits.length - places).replace(/0+$/, "");
  return `${count < 0n ? "-" : ""}${whole}${fraction ? `.${fraction}` : ""}`;
}

/**
 * The nearest whole number to a quotient, half to even.
 *
 * @param {bigint} dividend
 * @param {bigint} divisor above zero
 */
export function quotient(dividend, divisor) {
  const size = absolute(dividend);
  const floor = size / divisor;
  const twiceRest = 2n * (size % divisor);
  const isUp = twiceRest > divisor || (twiceRest === divisor && floor % 2n === 1n);
  const rounded = isUp ? floor + 1n : floor;
  return dividend < 0n ? -rounded : rounded;
}

/**
 * A count in units of other places, half to even where they are fewer.
 *
 * @param {bigint} count
 * @param {number} places
 * @param {number} wanted
 */
export function withPlaces(count, places, wanted) {
  if (wanted >= places) return count * tenTo(wanted - places);
  return quotient(count, tenTo(places - wanted));
}

/**
 * `−1,234.50` of -123450n with 2 places: all places, thousands separated.
 *
 * @param {bigint} count
 * @param {number} places
 */
function grouped(count, places) {
  const digits = absolute(count)
    .toString()
    .padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
  return places ? `${whole}.${digits.slice(-places)}` : whole;
}

/** @param {string} currency */
export function symbolOf(currency) {
  return SYMBOLS[currency] ?? `${currency}\u00a0`;
}

/**
 * `$1,234.50`, and `<$0.01` for anything below a cent but zero.
 *
 * @param {bigint} count
 * @param {number} places
 * @param {string} currency
 */
export function money(count, places, currency) {
  const symbol = symbolOf(currency);
  const cents = withPlaces(count, places, 2);
  if (count !== 0n && cents === 0n) return `<${symbol}0.01`;
  return `${cents < 0n ? MINUS : ""}${symbol}${grouped(cents, 2)}`;
}

/**
 * `179,098`, and `<1` for a part of one.
 *
 * @param {bigint} count
 * @param {number} places
 */
export function wholeNumber(count, places = 0) {
  if (count !== 0n && absolute(count) < tenTo(places)) return "<1";
  const whole = withPlaces(count, places, 0);
  return `${whole < 0n ? MINUS : ""}${grouped(whole, 0)}`;
}

/**
 * A quotient in 10^-6, half to even; null for one by zero.
 *
 * @param {bigint} dividend
 * @param {bigint} divisor
 */
function millionths(dividend, divisor) {
  if (divisor === 0n) return null;
  const sign = divisor < 0n ? -1n : 1n;
  return quotient(dividend * sign * tenTo(RATIO_PLACES), absolute(divisor));
}

/**
 * `34.6%` of a part of a whole, and `<0.1%` for less but not nothing.
 *
 * @param {bigint} part
 * @param {bigint} whole
 */
export function percent(part, whole) {
  const share = millionths(part, whole) ?? 0n;
  const tenths = withPlaces(share, RATIO_PLACES, 3);
  if (share !== 0n && tenths === 0n) return "<0.1%";
  return `${tenths < 0n ? MINUS : ""}${grouped(tenths, 1)}%`;
}

/**
 * `+12.3%`, `−4.0%`; `new` for what was zero, `no change`.
 *
 * @param {bigint} now
 * @param {bigint} before
 */
export function percentChange(now, before) {
  if (now === before) return "no change";
  const share = millionths(now - before, before);
  if (share === null) return "new";
  return `${share > 0n ? "+" : ""}${percent(now - before, before)}`;
}

/**
 * Whole minutes of seconds: `1,475`, and `<1` for a part of one.
 *
 * @param {bigint} seconds
 * @param {number} places
 */
export function minutes(seconds, places) {
  const minute = 60n * tenTo(places);
  if (seconds !== 0n && absolute(seconds) < minute) return "<1";
  return wholeNumber(quotient(seconds, minute));
}

/**
 * What a metric counts in: the places of its values.
 *
 * @param {Metric} metric
 * @param {Dataset} dataset
 */
export function metricPlaces(metric, dataset) {
  const isQuotient = metric === "run_minutes" || metric === "cost_per_run";
  return isQuotient ? RATIO_PLACES : placesOf(metric, dataset);
}

/**
 * @param {string} measure
 * @param {Dataset} dataset
 */
function placesOf(measure, dataset) {
  return dataset.measures.get(measure)?.places ?? 0;
}

/**
 * The value of a metric; null when it is not known. Minutes and costs per run have six places.
 *
 * @param {Amounts} amounts
 * @param {Metric} metric
 * @param {Dataset} dataset
 * @returns {Scaled | null}
 */
export function metricCount(amounts, metric, dataset) {
  const count = countOf(amounts, metric, dataset);
  return count === null ? null : { count, places: metricPlaces(metric, dataset) };
}

/**
 * @param {Amounts} amounts
 * @param {Metric} metric
 * @param {Dataset} dataset
 */
function countOf(amounts, metric, dataset) {
  if (metric === "run_minutes") {
    const minute = 60n * tenTo(placesOf("job_seconds", dataset));
    return amounts.job_seconds === null ? null : millionths(amounts.job_seconds, minute);
  }
  if (metric === "cost_per_run") {
    const runs = (amounts.job_runs ?? 0n) * tenTo(placesOf("cost", dataset));
    return millionths(amounts.cost, runs);
  }
  return amounts[metric];
}

/**
 * A metric as people read it: `$1,234.50`, `1,475`, `not known`.
 *
 * @param {Amounts} amounts
 * @param {Metric} metric
 * @param {Dataset} dataset
 */
export function shownMetric(amounts, metric, dataset) {
  return shownCount(metricCount(amounts, metric, dataset), metric, dataset);
}

/**
 * The same of a value of a metric, such as a bar of a chart.
 *
 * @param {Scaled | null} value
 * @param {Metric} metric
 * @param {Dataset} dataset
 */
export function shownCount(value, metric, dataset) {
  if (value === null) return NOT_KNOWN;
  const isMoney = metric === "cost" || metric === "list_cost" || metric === "cost_per_run";
  if (isMoney) return money(value.count, value.places, dataset.currency);
  return wholeNumber(value.count, value.places);
}

/**
 * How much more than before a metric is: `+$12.30`, `−1,475`; `not known` where one is not.
 *
 * @param {Scaled | null} now
 * @param {Scaled | null} before
 * @param {Metric} metric
 * @param {Dataset} dataset
 */
export function shownChange(now, before, metric, dataset) {
  if (now === null || before === null) return NOT_KNOWN;
  const difference = { count: now.count - before.count, places: now.places };
  const sign = difference.count > 0n ? "+" : "";
  return `${sign}${shownCount(difference, metric, dataset)}`;
}

/**
 * Days as whole numbers since 1970-01-01, ranges of them, and how people read them.
 *
 * @import { Bucket, Dataset, Granularity } from "./types.js"
 * @typedef {[from: number, to: number]} DayRange first and last day, both included
 */

const MILLISECONDS = 86_400_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"].concat([
  "Jul",
  "Aug",
  "Sep",
  "Oct",
  "Nov",
  "Dec",
]);

/** @param {number} day */
function dateOf(day) {
  return new Date(day * MILLISECONDS);
}

/**
 * The day of a date; months count from 0 and may be too large or negative.
 *
 * @param {number} year
 * @param {number} month
 * @param {number} dayOfMonth
 */
function dayOf(year, month, dayOfMonth) {
  return Date.UTC(year, month, dayOfMonth) / MILLISECONDS;
}

/**
 * The day of `2026-10-05`; null for anything else, such as `2026-02-30`.
 *
 * @param {string} text
 * @returns {number | null}
 */
export function parseDay(text) {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!found) return null;
  const day = dayOf(Number(found[1]), Number(found[2]) - 1, Number(found[3]));
  return formatDay(day) === text ? day : null;
}

/**
 * `2026-10-05`
 *
 * @param {number} day
 */
export function formatDay(day) {
  return dateOf(day).toISOString().slice(0, 10);
}

/**
 * `Oct 5, 2026`
 *
 * @param {number} day
 */
export function readableDay(day) {
  return `${shortDay(day)}, ${dateOf(day).getUTCFullYear()}`;
}

/**
 * `Oct 5`
 *
 * @param {number} day
 */
function shortDay(day) {
  const date = dateOf(day);
  return `${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()}`;
}

/**
 * `Oct 5, 2026`, `Oct 5–9, 2026`, `Oct 5 – Nov 2, 2026`, `Dec 29, 2025 – Jan 4, 2026`
 *
 * @param {number} from
 * @param {number} to
 */
export function readableRange(from, to) {
  if (from === to) return readableDay(to);
  const [first, last] = [dateOf(from), dateOf(to)];
  if (first.getUTCFullYear() !== last.getUTCFullYear()) {
    return `${readableDay(from)} – ${readableDay(to)}`;
  }
  if (first.getUTCMonth() !== last.getUTCMonth()) return `${shortDay(from)} – ${readableDay(to)}`;
  return `${shortDay(from)}–${last.getUTCDate()}, ${last.getUTCFullYear()}`;
}

/**
 * The first day of a day's month, or of one so many months later.
 *
 * @param {number} day
 * @param {number} later
 */
function monthStart(day, later = 0) {
  const date = dateOf(day);
  return dayOf(date.getUTCFullYear(), date.getUTCMonth() + later, 1);
}

/**
 * The Monday of a day's week.
 *
 * @param {number} day
 */
function weekStart(day) {
  return day - ((((day + 3) % 7) + 7) % 7); // 1970-01-01 was a Thursday.
}

/**
 * How a range is cut: days, weeks from Monday to Sunday, calendar months; the first and the last
 * are clipped to the range.
 *
 * @param {number} from
 * @param {number} to
 * @param {Granularity} granularity
 * @returns {Bucket[]}
 */
export function bucketsOf(from, to, granularity) {
  /** @type {Bucket[]} */
  const buckets = [];
  let start = from;
  while (start <= to) {
    const next = nextBucket(start, granularity);
    const last = Math.min(next - 1, to);
    buckets.push({ from: start, to: last, label: bucketLabel(start, granularity) });
    start = next;
  }
  return buckets;
}

/**
 * @param {number} day
 * @param {Granularity} granularity
 */
function nextBucket(day, granularity) {
  if (granularity === "month") return monthStart(day, 1);
  return granularity === "week" ? weekStart(day) + 7 : day + 1;
}

/**
 * @param {number} day
 * @param {Granularity} granularity
 */
function bucketLabel(day, granularity) {
  if (granularity === "month") return formatDay(day).slice(0, 7);
  return formatDay(granularity === "week" ? weekStart(day) : day);
}

/**
 * The granularity of a range for which none is chosen: at most some 90 bars.
 *
 * @param {number} from
 * @param {number} to
 * @returns {Granularity}
 */
export function usualGranularity(from, to) {
  const days = to - from + 1;
  if (days <= 92) return "day";
  return days <= 400 ? "week" : "month";
}

/**
 * The range to compare with, as in the report: the month before a whole month, else whole weeks
 * earlier, because builds follow weekdays.
 *
 * @param {number} from
 * @param {number} to
 * @returns {DayRange}
 */
export function previousRange(from, to) {
  const isMonth = from === monthStart(from) && to + 1 === monthStart(from, 1);
  if (isMonth) return [monthStart(from, -1), from - 1];
  const days = 7 * Math.ceil((to - from + 1) / 7);
  return [from - days, to - days];
}

/**
 * The same dates a year earlier; February 29 becomes February 28.
 *
 * @param {number} from
 * @param {number} to
 * @returns {DayRange}
 */
export function yearBefore(from, to) {
  return [dayYearBefore(from), dayYearBefore(to)];
}

/** @param {number} day */
function dayYearBefore(day) {
  const date = dateOf(day);
  const [year, month] = [date.getUTCFullYear() - 1, date.getUTCMonth()];
  const lastOfMonth = dayOf(year, month + 1, 0);
  return Math.min(dayOf(year, month, date.getUTCDate()), lastOfMonth);
}

/**
 * Ranges that people ask for often, by the last day that is known; only those that have days.
 *
 * @param {Dataset} dataset
 * @returns {{label: string, from: number, to: number}[]}
 */
export function presets(dataset) {
  const { first, last, period } = dataset;
  const lastMonth = monthStart(last, -1);
  /** @type {[string, number, number][]} */
  const ranges = [
    ["Report period", ...period],
    ["Last 7 days", last - 6, last],
    ["Last 30 days", last - 29, last],
    ["Last 90 days", last - 89, last],
    ["This month", monthStart(last), last],
    ["Last month", lastMonth, monthStart(last) - 1],
    ["Last 12 months", monthStart(last, -11), last],
    ["All days", first, last],
  ];
  return ranges
    .map(([label, from, to]) => ({ label, from: Math.max(from, first), to: Math.min(to, last) }))
    .filter(({ from, to }) => from <= to);
}

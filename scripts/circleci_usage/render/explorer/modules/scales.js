/**
 * Where things are in a chart: round levels of its upright axis, places and names on the other.
 *
 * @import { Bucket, Granularity } from "./types.js"
 *
 * @typedef {object} Mark
 * @property {number} index of the bucket that it names
 * @property {string} text
 */

import { formatDay, readableDay } from "./days.js";

const MOST_STEPS = 5;
const ROUND = [1, 2, 2.5, 5, 10];
const LEAST_GAP_AT = 3;
const WIDEST_BAR = 72;
const FILLED = 0.74;

/**
 * Round numbers from at most `lowest` to at least `highest`, 0 among them: about six.
 *
 * @param {number} lowest
 * @param {number} highest
 * @param {boolean} isWhole whether there is nothing between whole numbers
 *
 * @example
 * levelsOf(0, 47, false) // [0, 10, 20, 30, 40, 50]
 */
export function levelsOf(lowest, highest, isWhole) {
  const [bottom, top] = [Math.min(lowest, 0), Math.max(highest, 0)];
  if (bottom === top) return [0, 1];
  const step = roundStep((top - bottom) / MOST_STEPS, isWhole);
  const first = Math.floor(bottom / step + 1e-9);
  const last = Math.ceil(top / step - 1e-9);
  // Adding 0 makes no minus zero of zero.
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step + 0);
}

/**
 * @param {number} rough
 * @param {boolean} isWhole
 */
function roundStep(rough, isWhole) {
  if (isWhole && rough <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const steps = ROUND.map((round) => round * power);
  const fits = steps.filter((step) => !isWhole || Number.isInteger(step));
  return fits.find((step) => step >= rough * (1 - 1e-9)) ?? 10 * power;
}

/**
 * Levels as text, all with the same number of decimal places; millions are written `1.5M`.
 *
 * @param {number[]} levels
 * @param {string} symbol what stands before money; empty for other amounts
 *
 * @example
 * levelTexts([0, 0.5, 1], "$") // ["$0.00", "$0.50", "$1.00"]
 */
export function levelTexts(levels, symbol) {
  const highest = Math.max(...levels.map(Math.abs));
  const [unit, letter] = largeUnit(highest);
  const step = (levels[1] - levels[0]) / unit;
  const places = decimalPlaces(step, symbol !== "" && unit === 1);
  const format = new Intl.NumberFormat("en-US", {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  });
  return levels.map((level) => {
    if (level === 0 && letter) return `${symbol}0`;
    const text = `${symbol}${format.format(Math.abs(level) / unit)}${letter}`;
    return level < 0 ? `−${text}` : text;
  });
}

/**
 * @param {number} highest
 * @returns {[number, string]}
 */
function largeUnit(highest) {
  if (highest >= 1e9) return [1e9, "B"];
  return highest >= 1e6 ? [1e6, "M"] : [1, ""];
}

/**
 * @param {number} step
 * @param {boolean} isMoney which has at least two, if any
 */
function decimalPlaces(step, isMoney) {
  for (let places = 0; places < 12; places += 1) {
    const scaled = step * 10 ** places;
    if (Math.abs(scaled - Math.round(scaled)) > 1e-6) continue;
    return isMoney && places === 1 ? 2 : places;
  }
  return 12;
}

/**
 * The left and right edges of bars: whole pixels, with gaps as soon as gaps can be seen.
 *
 * @param {number} count
 * @param {number} width of all
 * @returns {[number, number][]}
 */
export function barEdges(count, width) {
  const slot = width / count;
  const bar = Math.min(slot * FILLED, WIDEST_BAR);
  const margin = slot >= LEAST_GAP_AT ? Math.max((slot - bar) / 2, 0.5) : 0;
  return Array.from({ length: count }, (_, index) => {
    const left = Math.round(index * slot + margin);
    return [left, Math.max(left + 1, Math.round((index + 1) * slot - margin))];
  });
}

/**
 * Which buckets are named on the axis, at most about `room`: all, every other, Mondays, or those in
 * which a month begins, the first that fit.
 *
 * @param {Bucket[]} buckets
 * @param {Granularity} granularity
 * @param {number} room
 * @returns {Mark[]}
 */
export function bucketMarks(buckets, granularity, room) {
  if (granularity === "month") return monthMarks(buckets, granularity, room);
  for (const stride of [1, 2]) {
    if (buckets.length <= room * stride) return dayMarks(buckets, (index) => index % stride === 0);
  }
  const mondays = dayMarks(buckets, (index) => (buckets[index].from + 3) % 7 === 0);
  if (granularity === "day" && mondays.length <= room) return mondays;
  const months = monthMarks(buckets, granularity, room);
  return months.length > 1 ? months : thinned(mondays, room);
}

/**
 * @param {Bucket[]} buckets
 * @param {(index: number) => boolean} isNamed
 * @returns {Mark[]}
 */
function dayMarks(buckets, isNamed) {
  const marks = buckets.map(({ from }, index) => ({ index, text: dayAndMonth(from) }));
  return marks.filter(({ index }) => isNamed(index));
}

/**
 * Months by name, with the year where another begins.
 *
 * @param {Bucket[]} buckets
 * @param {Granularity} granularity
 * @param {number} room
 */
function monthMarks(buckets, granularity, room) {
  const begins = buckets.map((bucket, index) => ({ index, first: firstOfMonth(bucket) }));
  const shown = begins.filter(({ first }) => first !== null || granularity === "month");
  let year = "";
  return thinned(shown, room).map(({ index, first }) => {
    const day = readableDay(first ?? buckets[index].from);
    const isOther = day.slice(-4) !== year;
    year = day.slice(-4);
    return { index, text: isOther ? `${day.slice(0, 3)} ${year}` : day.slice(0, 3) };
  });
}

/**
 * The first day of a month in a bucket, if there is one.
 *
 * @param {Bucket} bucket
 */
function firstOfMonth({ from, to }) {
  for (let day = from; day <= to; day += 1) {
    if (formatDay(day).endsWith("-01")) return day;
  }
  return null;
}

/** @param {number} day */
function dayAndMonth(day) {
  return readableDay(day).split(",")[0];
}

/**
 * @template T
 * @param {T[]} marks
 * @param {number} room
 */
function thinned(marks, room) {
  const stride = Math.max(1, Math.ceil(marks.length / Math.max(room, 1)));
  return marks.filter((_, index) => index % stride === 0);
}

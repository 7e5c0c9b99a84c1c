/**
 * The lines of costs that the page holds: base64 of gzip of a header and columns of numbers.
 *
 * A column of numbers of n bytes is n planes: the lowest bytes of all lines, then the next ones.
 * What is nonsense is refused: a wrong sum would be worse than none.
 *
 * @import { Dataset, Dimension, Folded, Measure } from "./types.js"
 *
 * @typedef {object} Header
 * @property {number} version
 * @property {string} currency
 * @property {Days} period
 * @property {Days} days
 * @property {Days[]} missing
 * @property {number} lines at most 2^29
 * @property {{name: string, label: string, plural: string, width: number, values: string[]}[]} dimensions
 * @property {{name: string, places: number, width: number, limbs: number}[]} measures
 * @property {Folded[]} folded
 *
 * @typedef {{first: string, last: string}} Days
 */

import { parseDay } from "./days.js";

const VERSION = 1;
const LENGTH_BYTES = 4;
const DAY_WIDTH = 2;
const LIMB_BYTES = 3;
const MOST_LINES = 2 ** 29; // The sum of so many limbs is below 2^53.
const MEASURES = ["credits", "unpriced_credits", "list_cost", "cost"].concat([
  "type_runs",
  "job_runs",
  "job_seconds",
]);

/**
 * The dataset of the text in `#data`.
 *
 * @param {string} base64
 * @returns {Promise<Dataset>}
 */
export async function decodeDataset(base64) {
  const bytes = await unzipped(bytesOf(base64));
  const length = bytes.length < LENGTH_BYTES ? 0 : new DataView(bytes.buffer).getUint32(0, true);
  const header = headerOf(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  const planes = planesOf(bytes, LENGTH_BYTES + length, header.lines);
  const dataset = datasetOfHeader(header, planes);
  if (!planes.isAtEnd()) refuse("there are bytes after the last column");
  return dataset;
}

/**
 * @param {string} fault
 * @returns {never}
 */
function refuse(fault) {
  throw new Error(`The data of this page are damaged: ${fault}.`);
}

/** @param {string} base64 */
function bytesOf(base64) {
  let binary = "";
  try {
    binary = atob(base64);
  } catch {
    refuse("they are not base64");
  }
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function unzipped(bytes) {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    return refuse("they cannot be decompressed");
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {Header}
 */
function headerOf(bytes) {
  let header = null;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    refuse("they have no header");
  }
  if (header?.version !== VERSION) refuse("they are of another version");
  if (!isCount(header.lines, MOST_LINES)) refuse("the number of lines is not one");
  const lists = [header.missing, header.folded, header.dimensions, header.measures];
  if (!lists.every(Array.isArray)) refuse("the header has no lists");
  if (!header.dimensions.every(isDescribed)) refuse("a dimension is not described");
  return header;
}

/** @param {Record<string, unknown>} dimension */
function isDescribed({ name, label, plural, values }) {
  return [name, label, plural].every(isText) && Array.isArray(values) && values.every(isText);
}

/** @param {unknown} value */
function isText(value) {
  return typeof value === "string";
}

/**
 * @param {unknown} value
 * @param {number} most
 */
function isCount(value, most) {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;
}

/**
 * Takes planes, each a byte of all lines, one after another.
 *
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} lines
 */
function planesOf(bytes, start, lines) {
  let place = start;
  return {
    lines,
    isAtEnd: () => place === bytes.length,
    take: () => {
      if (place + lines > bytes.length) refuse("a column is not whole");
      place += lines;
      return bytes.subarray(place - lines, place);
    },
  };
}

/**
 * @param {Header} header
 * @param {ReturnType<typeof planesOf>} planes
 * @returns {Dataset}
 */
function datasetOfHeader(header, planes) {
  const [first, last] = rangeOf(header.days);
  const starts = startsOf(unsigned(planes, DAY_WIDTH), last - first + 1);
  const dimensions = header.dimensions.map((each) => dimensionOf(each, planes));
  const measures = header.measures.map((each) => measureOf(each, planes));
  const named = new Map(measures.map((each) => [each.name, each]));
  for (const name of MEASURES) if (!named.has(name)) refuse(`there are no ${name}`);
  const ranks = dimensions.map((each) => ranksOf(each, named.get("cost") ?? measures[0]));
  return {
    currency: header.currency,
    first,
    last,
    period: rangeOf(header.period),
    missing: header.missing.map(rangeOf),
    lines: header.lines,
    starts,
    dimensions: new Map(
      dimensions.map((each, index) => [each.name, { ...each, ranks: ranks[index] }]),
    ),
    measures: named,
    folded: header.folded,
  };
}

/**
 * @param {Days} days
 * @returns {[number, number]}
 */
function rangeOf(days) {
  const [first, last] = [parseDay(String(days?.first)), parseDay(String(days?.last))];
  if (first === null || last === null || first > last) return refuse("a range of days is not one");
  return [first, last];
}

/**
 * Unsigned numbers of one, two or four bytes.
 *
 * @param {ReturnType<typeof planesOf>} planes
 * @param {number} width
 */
function unsigned(planes, width) {
  if (width === 1) return planes.take();
  const column = width === 2 ? new Uint16Array(planes.lines) : new Uint32Array(planes.lines);
  for (let byte = 0; byte < width; byte += 1) {
    const plane = planes.take();
    for (let line = 0; line < column.length; line += 1) column[line] |= plane[line] << (8 * byte);
  }
  return column;
}

/**
 * The first line of each day, and the number of lines; refuses days that are not in order.
 *
 * @param {ArrayLike<number>} days since the first one
 * @param {number} howMany
 */
function startsOf(days, howMany) {
  const starts = new Uint32Array(howMany + 1);
  for (let line = 0; line < days.length; line += 1) {
    if (days[line] >= howMany) refuse("a line is of no day");
    if (line > 0 && days[line] < days[line - 1]) refuse("the lines are not sorted by day");
    starts[days[line] + 1] += 1;
  }
  for (let day = 0; day < howMany; day += 1) starts[day + 1] += starts[day];
  return starts;
}

/**
 * @param {Header["dimensions"][number]} described
 * @param {ReturnType<typeof planesOf>} planes
 */
function dimensionOf({ name, label, plural, width, values }, planes) {
  if (![1, 2, 4].includes(width)) refuse(`the numbers of ${name} have an unknown width`);
  const codes = unsigned(planes, width);
  for (let line = 0; line < codes.length; line += 1) {
    if (codes[line] >= values.length) refuse(`a line has an unknown ${name}`);
  }
  return { name, label, plural, values, codes };
}

/**
 * @param {Header["measures"][number]} described
 * @param {ReturnType<typeof planesOf>} planes
 * @returns {Measure}
 */
function measureOf({ name, places, width, limbs }, planes) {
  const isKnown = isCount(width, 64) && width > 0 && isCount(places, 1000);
  const expected = limbs === 1 ? 1 : Math.ceil(width / LIMB_BYTES);
  if (!isKnown || limbs !== expected || (limbs === 1 && width > 7)) {
    refuse(`the numbers of ${name} have an unknown form`);
  }
  const widthOfLimb = limbs === 1 ? width : LIMB_BYTES;
  const columns = [];
  for (let byte = 0; byte < width; byte += widthOfLimb) {
    const bytes = Math.min(widthOfLimb, width - byte);
    columns.push(limbOf(planes, bytes, byte + bytes === width));
  }
  if (limbs === 1 && sizeOf(columns[0]) >= 2 ** 53) refuse(`the sums of ${name} are not exact`);
  return { name, places, limbs: columns, bits: 8 * LIMB_BYTES };
}

/**
 * The sum of numbers without their signs.
 *
 * @param {Float64Array} limb
 */
function sizeOf(limb) {
  let sum = 0;
  for (let line = 0; line < limb.length; line += 1) sum += Math.abs(limb[line]);
  return sum;
}

/**
 * Numbers of some planes; the last limb of a measure is signed.
 *
 * @param {ReturnType<typeof planesOf>} planes
 * @param {number} bytes
 * @param {boolean} isSigned
 */
function limbOf(planes, bytes, isSigned) {
  const limb = new Float64Array(planes.lines);
  for (let byte = 0; byte < bytes; byte += 1) {
    const plane = planes.take();
    const weight = 256 ** byte;
    const wrap = isSigned && byte === bytes - 1 ? 128 : 256;
    for (let line = 0; line < limb.length; line += 1) {
      const value = plane[line];
      limb[line] += weight * (value < wrap ? value : value - 256);
    }
  }
  return limb;
}

/**
 * The place of each value by the cost of all days; ties by their order.
 *
 * Places need no exact sums.
 *
 * @param {Omit<Dimension, "ranks">} dimension
 * @param {Measure} cost
 */
function ranksOf({ values, codes }, cost) {
  const sums = new Float64Array(values.length);
  cost.limbs.forEach((limb, index) => {
    const weight = 2 ** (cost.bits * index);
    for (let line = 0; line < limb.length; line += 1) sums[codes[line]] += limb[line] * weight;
  });
  const order = values.map((_, code) => code).sort((one, other) => sums[other] - sums[one]);
  /** @type {number[]} */
  const ranks = new Array(values.length);
  order.forEach((code, place) => {
    ranks[code] = place;
  });
  return ranks;
}

/**
 * Lines → groups and their exact sums.
 *
 * Sums are numbers where the sum of all lines is below 2^53, else limbs of 24 bits, whose sums are;
 * only what is shown becomes a BigInt.
 *
 * @import { Counting } from "./selection.js"
 * @import { Amounts, Dataset, Measure } from "./types.js"
 *
 * @typedef {object} Groups
 * @property {number} count how many
 * @property {number[][]} codes of each group, one for each dimension
 * @property {Uint32Array[]} numbers the group of each line, for each list of lines
 *
 * @typedef {object} MeasureSums
 * @property {Float64Array[]} limbs of the sum of each group
 * @property {number} bits of each limb but the last
 *
 * @typedef {Map<string, MeasureSums>} Sums by measure; only those that are needed
 */

const AMOUNTS = ["credits", "unpriced_credits", "list_cost", "cost"];
const DENSE = 4_000_000; // Pairs of values for which a table of numbers is small enough.

/**
 * The groups of lines by no, one or two dimensions, numbered as they are met.
 *
 * @param {Dataset} dataset
 * @param {string[]} by
 * @param {Uint32Array[]} lists of lines, which share groups
 * @returns {Groups}
 */
export function groupsOf(dataset, by, lists) {
  const dimensions = by.flatMap((name) => dataset.dimensions.get(name) ?? []);
  if (dimensions.length === 0) return oneGroup(lists);
  const inner = dimensions.length > 1 ? dimensions[1].values.length : 1;
  const keys = lists.map((lines) =>
    keysOf(
      dimensions.map(({ codes }) => codes),
      inner,
      lines,
    ),
  );
  const numbering = dimensions[0].values.length * inner <= DENSE ? denseNumbers : sparseNumbers;
  const { found, numbers } = numbering(keys, dimensions[0].values.length * inner);
  const codes = found.map((key) =>
    dimensions.length > 1 ? [Math.floor(key / inner), key % inner] : [key],
  );
  return { count: found.length, codes, numbers };
}

/**
 * @param {Uint32Array[]} lists
 * @returns {Groups}
 */
function oneGroup(lists) {
  return { count: 1, codes: [[]], numbers: lists.map((lines) => new Uint32Array(lines.length)) };
}

/**
 * A number for the values of each line: the same for lines of a group.
 *
 * @param {ArrayLike<number>[]} codes of one or two dimensions
 * @param {number} inner how many values the second one has
 * @param {Uint32Array} lines
 */
function keysOf([outer, second], inner, lines) {
  const keys = new Float64Array(lines.length);
  for (let index = 0; index < lines.length; index += 1) keys[index] = outer[lines[index]] * inner;
  if (second) {
    for (let index = 0; index < lines.length; index += 1) keys[index] += second[lines[index]];
  }
  return keys;
}

/**
 * Keys → numbers from 0 on, by a table of all keys.
 *
 * @param {Float64Array[]} lists
 * @param {number} size
 */
function denseNumbers(lists, size) {
  const next = new Int32Array(size); // One more than the number of a key; 0 for a new one.
  /** @type {number[]} */
  const found = [];
  const numbers = lists.map((keys) => new Uint32Array(keys.length));
  lists.forEach((keys, list) => {
    const target = numbers[list];
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index];
      if (next[key] === 0) next[key] = found.push(key);
      target[index] = next[key] - 1;
    }
  });
  return { found, numbers };
}

/**
 * The same for more keys than a table can have.
 *
 * @param {Float64Array[]} lists
 */
function sparseNumbers(lists) {
  /** @type {Map<number, number>} */
  const known = new Map();
  const numbers = lists.map((keys) =>
    Uint32Array.from(keys, (key) => {
      const number = known.get(key) ?? known.size;
      if (number === known.size) known.set(key, number);
      return number;
    }),
  );
  return { found: [...known.keys()], numbers };
}

/**
 * The sums of each group.
 *
 * @param {Dataset} dataset
 * @param {Uint32Array} lines
 * @param {Uint32Array} numbers the group of each line
 * @param {number} count of groups
 * @param {string[]} names of the measures to sum; all of them without it
 * @returns {Sums}
 */
export function sumsOf(dataset, lines, numbers, count, names = [...dataset.measures.keys()]) {
  const measures = names.flatMap((name) => dataset.measures.get(name) ?? []);
  return new Map(measures.map((each) => [each.name, measureSums(each, lines, numbers, count)]));
}

/**
 * @param {Measure} measure
 * @param {Uint32Array} lines
 * @param {Uint32Array} numbers
 * @param {number} count
 * @returns {MeasureSums}
 */
function measureSums({ limbs, bits }, lines, numbers, count) {
  const sums = limbs.map((limb) => {
    const sum = new Float64Array(count);
    for (let index = 0; index < lines.length; index += 1) sum[numbers[index]] += limb[lines[index]];
    return sum;
  });
  return { limbs: sums, bits };
}

/**
 * The sums of groups of groups.
 *
 * @param {Sums} sums
 * @param {Uint32Array} parents the group of each group
 * @param {number} count of those
 * @returns {Sums}
 */
export function sumsOfGroups(sums, parents, count) {
  const groups = Uint32Array.from(parents, (_, index) => index);
  return new Map(
    [...sums].map(([name, { limbs, bits }]) => {
      const measure = { name, places: 0, limbs, bits };
      return [name, measureSums(measure, groups, parents, count)];
    }),
  );
}

/**
 * The exact sum of a group.
 *
 * @param {MeasureSums | undefined} sums
 * @param {number} group
 */
function sumAt(sums, group) {
  if (!sums) return 0n;
  const { limbs, bits } = sums;
  if (limbs.length === 1) return BigInt(limbs[0][group]);
  return limbs.reduce(
    (sum, limb, index) => sum + (BigInt(limb[group]) << BigInt(bits * index)),
    0n,
  );
}

/**
 * Whether every sum of a group is zero: of its amounts, and of the runs that count for it.
 *
 * @param {Sums} sums
 * @param {number} group
 * @param {Counting} counting
 */
export function isNothing(sums, group, counting) {
  const runs = counting === "each" ? ["job_runs", "job_seconds"] : ["type_runs"];
  return [...AMOUNTS, ...runs].every((name) => {
    const each = sums.get(name);
    return each?.limbs.length === 1 ? each.limbs[0][group] === 0 : sumAt(each, group) === 0n;
  });
}

/**
 * The sums of a group as amounts; what nothing tells is null.
 *
 * @param {Sums} sums
 * @param {number} group
 * @param {Counting} counting
 * @returns {Amounts}
 */
export function amountsOf(sums, group, counting) {
  /** @param {string} name */
  const sum = (name) => sumAt(sums.get(name), group);
  return {
    credits: sum("credits"),
    unpriced_credits: sum("unpriced_credits"),
    list_cost: sum("list_cost"),
    cost: sum("cost"),
    job_runs: counting === "none" ? null : sum(counting === "type" ? "type_runs" : "job_runs"),
    job_seconds: counting === "each" ? sum("job_seconds") : null,
  };
}

/**
 * Filters → the lines that they leave, and what that says of their job runs.
 *
 * @import { Dataset, Dimension, Filter } from "./types.js"
 *
 * @typedef {object} Lookup
 * @property {Dimension["codes"]} codes of a dimension
 * @property {Uint8Array} kept 1 at each code that its filters leave
 *
 * @typedef {"each" | "type" | "none"} Counting how sums tell job runs: each run is on one line;
 *   lines are of one credit type, so its runs are the runs; or nothing tells them
 */

import { matcherOf } from "./names.js";

export const CREDIT_TYPE = "credit_type";
/** Of lines with nothing but runs; other runs that used no credits stand on lines with a type. */
const NO_TYPE = "(none)";

/**
 * What the filters leave of each dimension; only of those of which they do not leave everything.
 *
 * @param {Dataset} dataset
 * @param {Filter[]} where
 * @returns {Lookup[]}
 */
export function lookupsOf(dataset, where) {
  const names = new Set(where.map((filter) => filter.dimension));
  const dimensions = [...dataset.dimensions.values()].filter(({ name }) => names.has(name));
  return dimensions
    .map((dimension) => ({ codes: dimension.codes, kept: keptValues(dimension, where) }))
    .filter(({ kept }) => kept.includes(0));
}

/**
 * 1 for each value that some pattern includes, or none does, and that no pattern excludes.
 *
 * @param {Dimension} dimension
 * @param {Filter[]} where
 */
function keptValues({ name, values }, where) {
  const [included, excluded] = [false, true].map((excludes) =>
    where
      .filter((filter) => filter.dimension === name && filter.excludes === excludes)
      .flatMap((filter) => filter.patterns),
  );
  const isIncluded = included.length > 0 ? matcherOf(included) : () => true;
  const isExcluded = matcherOf(excluded);
  return Uint8Array.from(values, (value) => Number(isIncluded(value) && !isExcluded(value)));
}

/**
 * The lines of some days that lookups leave, in their order.
 *
 * @param {Dataset} dataset
 * @param {number} from
 * @param {number} to
 * @param {Lookup[]} lookups
 */
export function selectedLines({ first, starts }, from, to, lookups) {
  const start = starts[from - first];
  const lines = new Uint32Array(starts[to - first + 1] - start);
  for (let index = 0; index < lines.length; index += 1) lines[index] = start + index;
  return lookups.reduce(narrowed, lines);
}

/**
 * @param {Uint32Array} lines
 * @param {Lookup} lookup
 */
function narrowed(lines, { codes, kept }) {
  let count = 0;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index];
    lines[count] = line;
    count += kept[codes[line]];
  }
  return lines.subarray(0, count);
}

/**
 * How sums over the lines that filters leave tell job runs.
 *
 * @param {Dataset} dataset
 * @param {Filter[]} where
 * @returns {Counting}
 */
export function countingOf(dataset, where) {
  const types = dataset.dimensions.get(CREDIT_TYPE);
  if (!types) return "each";
  const kept = keptValues(types, where);
  if (!kept.includes(0)) return "each";
  const names = types.values.filter((_, code) => kept[code]);
  return names.length === 1 && names[0] !== NO_TYPE ? "type" : "none";
}

/**
 * Colors by name: a name keeps its color in every view.
 *
 * @import { Dataset } from "./types.js"
 */

/** How many colors there are; style variables `--series-1` and so on. */
const COLORS = 12;

/**
 * The color of a place by cost: 1 for the first, then 2; after 12, 1 again; 0 for the rest.
 *
 * @param {number} rank
 */
function ownColor(rank) {
  return rank < 0 ? 0 : (rank % COLORS) + 1;
}

/**
 * The place of a name by the cost of all days; -1 for other texts.
 *
 * @param {Dataset} dataset
 * @param {string} dimension
 * @param {string | null} name
 */
function rankOf(dataset, dimension, name) {
  const { values = [], ranks = [] } = dataset.dimensions.get(dimension) ?? {};
  const code = name === null ? -1 : values.indexOf(name);
  return code < 0 ? -1 : ranks[code];
}

/**
 * The colors of names that are seen together. Of two with the same color, the one with less cost
 * takes the next that is free: up to 12 names look different.
 *
 * @param {Dataset} dataset
 * @param {string} dimension
 * @param {(string | null)[]} names null is the rest
 */
export function colorsTogether(dataset, dimension, names) {
  const ranks = names.map((name) => rankOf(dataset, dimension, name));
  const taken = new Set(ranks.map(ownColor));
  /** @type {Map<number, number>} */
  const colors = new Map([[-1, 0]]);
  const used = new Set();
  for (const rank of [...new Set(ranks)].filter((each) => each >= 0).sort((a, b) => a - b)) {
    const own = ownColor(rank);
    const color = used.has(own) ? freeColor(own, taken) : own;
    colors.set(rank, color);
    used.add(color);
    taken.add(color);
  }
  return ranks.map((rank) => colors.get(rank) ?? 0);
}

/**
 * The next color that no name has; its own if all are taken.
 *
 * @param {number} own
 * @param {Set<number>} taken
 */
function freeColor(own, taken) {
  const others = Array.from({ length: COLORS }, (_, step) => ((own + step) % COLORS) + 1);
  return others.find((color) => !taken.has(color)) ?? own;
}

/**
 * The color for style sheets.
 *
 * @param {number} color
 */
export function colorVariable(color) {
  return color > 0 ? `var(--series-${color})` : "var(--rest)";
}

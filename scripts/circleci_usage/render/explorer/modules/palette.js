/**
 * Colors by name: a name keeps its color in every view.
 *
 * @import { Dataset } from "./types.js"
 */

/** How many colors there are; style variables `--series-1` and so on. */
export const COLORS = 12;

/**
 * The color of a name: 1 for the one with the highest cost of all days, then 2; after 12, 1 again.
 * A name that is none of the dimension's values has the color of the rest, 0.
 *
 * @param {Dataset} dataset
 * @param {string} dimension
 * @param {string} name
 */
export function colorOf(dataset, dimension, name) {
  const { values = [], ranks = [] } = dataset.dimensions.get(dimension) ?? {};
  const code = values.indexOf(name);
  return code < 0 ? 0 : (ranks[code] % COLORS) + 1;
}

/**
 * Colors to be seen side by side: of two names with the same one, the later takes the next that is
 * free. As long as there are no more than 12 names, no two look alike.
 *
 * @param {number[]} colors in the order of cost; 0 is the rest, which stays what it is
 *
 * @example
 * distinctColors([1, 3, 1, 0]) // [1, 3, 2, 0]
 */
export function distinctColors(colors) {
  const wanted = colors.map((color) => (color > 0 ? ((color - 1) % COLORS) + 1 : 0));
  const taken = new Set(wanted);
  /** @type {Set<number>} */
  const seen = new Set();
  return wanted.map((color) => {
    const shown = seen.has(color) ? freeColor(color, taken) : color;
    seen.add(shown);
    taken.add(shown);
    return shown;
  });
}

/**
 * @param {number} color
 * @param {Set<number>} taken
 */
function freeColor(color, taken) {
  if (color === 0) return color;
  for (let step = 1; step < COLORS; step += 1) {
    const next = ((color - 1 + step) % COLORS) + 1;
    if (!taken.has(next)) return next;
  }
  return color;
}

/**
 * The color for style sheets.
 *
 * @param {number} color
 */
export function colorVariable(color) {
  return color > 0 ? `var(--series-${color})` : "var(--rest)";
}

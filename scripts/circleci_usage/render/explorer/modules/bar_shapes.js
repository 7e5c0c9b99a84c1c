/**
 * The outlines of bars and lines: one path for each series, however many buckets there are.
 *
 * @typedef {(value: number) => number} Scale an amount's place, counted from the top
 * @typedef {[left: number, right: number]} Edges
 */

const GAP = 1;
const GAP_FROM = 3;
const GAP_FROM_WIDTH = 5;
const DASH = 6;

/**
 * The `d` of each series' bars, stacked from 0 upward, or downward where values are negative.
 *
 * @param {number[][]} series the values of each, the lowest first
 * @param {Edges[]} edges of the bars
 * @param {Scale} scale
 *
 * @example
 * stackedPaths([[2], [1]], [[0, 8]], (value) => 10 - value) // ["M0 8H8V10H0Z", "M0 7H8V8H0Z"]
 */
export function stackedPaths(series, edges, scale) {
  const above = edges.map(() => 0);
  const below = edges.map(() => 0);
  return series.map((values) => {
    const bars = values.map((value, index) => {
      if (value === 0) return "";
      const stack = value > 0 ? above : below;
      const start = stack[index];
      stack[index] += value;
      return barPath(edges[index], scale(start), scale(stack[index]), start !== 0);
    });
    return bars.join("");
  });
}

/**
 * A bar from one height to another; a hairline stays free under it if it stands on another.
 *
 * @param {Edges} edges
 * @param {number} start
 * @param {number} end
 * @param {boolean} stands
 */
function barPath([left, right], start, end, stands) {
  const isLarge = Math.abs(end - start) >= GAP_FROM && right - left >= GAP_FROM_WIDTH;
  const hasGap = stands && isLarge;
  const free = start + (hasGap ? Math.sign(end - start) * GAP : 0);
  return `M${left} ${coordinate(end)}H${right}V${coordinate(free)}H${left}Z`;
}

/**
 * The `d` of a line with a step for each bucket, interrupted where a value is not known.
 *
 * @param {(number | null)[]} values
 * @param {number} width of all
 * @param {number} count of buckets in that width
 * @param {Scale} scale
 */
export function stepsPath(values, width, count, scale) {
  const steps = values.slice(0, count).map((value, index) => {
    if (value === null) return "";
    const follows = index > 0 && values[index - 1] !== null;
    const left = follows ? "V" : `M${coordinate((index * width) / count)} `;
    return `${left}${coordinate(scale(value))}H${coordinate(((index + 1) * width) / count)}`;
  });
  return steps.join("");
}

/**
 * The `d` of a line through the middles of buckets, interrupted where a value is not known; a
 * value without neighbors is a dash.
 *
 * @param {(number | null)[]} values
 * @param {number} width of all
 * @param {Scale} scale
 */
export function linePath(values, width, scale) {
  const points = values.map((value, index) => {
    if (value === null) return "";
    const follows = index > 0 && values[index - 1] !== null;
    const isLonely = !follows && (values[index + 1] ?? null) === null;
    const x = ((index + 0.5) * width) / values.length - (isLonely ? DASH / 2 : 0);
    const place = `${coordinate(x)} ${coordinate(scale(value))}`;
    return `${follows ? "L" : "M"}${place}${isLonely ? `h${DASH}` : ""}`;
  });
  return points.join("");
}

/**
 * The `d` of upright bands over the whole height, neighbors as one.
 *
 * @param {boolean[]} marked which buckets
 * @param {number} width of all
 * @param {number} height
 */
export function bandsPath(marked, width, height) {
  const slot = width / marked.length;
  const bands = marked.map((isMarked, index) => {
    if (!isMarked || marked[index - 1]) return "";
    const next = marked.indexOf(false, index);
    const end = next < 0 ? marked.length : next;
    const [left, right] = [coordinate(index * slot), coordinate(end * slot)];
    return `M${left} 0H${right}V${height}H${left}Z`;
  });
  return bands.join("");
}

/**
 * In as few characters as do.
 *
 * @param {number} value
 */
function coordinate(value) {
  return String(Math.round(value * 10) / 10);
}

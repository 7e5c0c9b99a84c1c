/**
 * The arithmetic of selecting buckets, by pointer and by keyboard.
 *
 * @typedef {object} Brush
 * @property {number} anchor the bucket where the selection began
 * @property {number} at the bucket that is pointed at
 * @property {boolean} isWide whether it was extended: it is a selection, not only a place
 */

/**
 * A place without a selection.
 *
 * @param {number} at
 * @returns {Brush}
 */
export function brushAt(at) {
  return { anchor: at, at, isWide: false };
}

/**
 * The brush after a key; null: dropped; undefined: not a key for it.
 *
 * @param {Brush | null} brush
 * @param {string} key
 * @param {boolean} extends_ whether Shift is held
 * @param {number} count how many buckets there are
 * @returns {Brush | null | undefined}
 */
export function brushAfterKey(brush, key, extends_, count) {
  if (key === "Escape") return null;
  const target = keyTarget(brush?.at ?? 0, key, count);
  if (target === undefined) return undefined;
  const at = Math.min(Math.max(target, 0), count - 1);
  return extends_ ? { anchor: brush?.anchor ?? at, at, isWide: true } : brushAt(at);
}

/**
 * @param {number} at
 * @param {string} key
 * @param {number} count
 */
function keyTarget(at, key, count) {
  /** @type {Record<string, number>} */
  const targets = {
    ArrowLeft: at - 1,
    ArrowDown: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at + 1,
    PageDown: at - 7,
    PageUp: at + 7,
    Home: 0,
    End: count - 1,
  };
  return targets[key];
}

/**
 * First and last selected bucket.
 *
 * @param {Brush} brush
 * @returns {[number, number]}
 */
export function brushedBuckets({ anchor, at }) {
  return [Math.min(anchor, at), Math.max(anchor, at)];
}

/**
 * The bucket at a place; outside of the chart: the nearest.
 *
 * @param {number} x
 * @param {number} width of all
 * @param {number} count
 */
export function bucketAt(x, width, count) {
  return Math.min(Math.max(Math.floor((x / width) * count), 0), count - 1);
}

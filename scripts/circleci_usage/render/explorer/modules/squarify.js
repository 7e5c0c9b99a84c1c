/**
 * Rectangles whose areas are as amounts, as near to squares as can be.
 *
 * After Bruls, Huizing and van Wijk: Squarified Treemaps, 2000.
 *
 * @typedef {object} Box
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 */

/**
 * Fill a box with boxes, one for each amount, in their order.
 *
 * @param {number[]} amounts above 0, the largest first
 * @param {Box} box
 * @returns {Box[]}
 */
export function squarify(amounts, box) {
  const total = amounts.reduce((sum, amount) => sum + amount, 0);
  const scale = (box.width * box.height) / total;
  const areas = amounts.map((amount) => amount * scale);
  /** @type {Box[]} */
  const boxes = [];
  let free = box;
  while (boxes.length < areas.length) {
    const row = nextRow(areas.slice(boxes.length), Math.min(free.width, free.height));
    const isLast = boxes.length + row.length === areas.length;
    const [filled, rest] = laidRow(row, free, isLast);
    boxes.push(...filled);
    free = rest;
  }
  return boxes;
}

/**
 * The areas that share a row: as long as another makes the worst of them more of a square.
 *
 * @param {number[]} areas
 * @param {number} side along which the row lies
 */
function nextRow(areas, side) {
  let sum = areas[0];
  let length = 1;
  let worst = worstRatio(areas[0], areas[0], sum, side);
  while (length < areas.length) {
    const longer = sum + areas[length];
    const ratio = worstRatio(areas[0], areas[length], longer, side);
    if (ratio > worst) break;
    sum = longer;
    worst = ratio;
    length += 1;
  }
  return areas.slice(0, length);
}

/**
 * @param {number} largest
 * @param {number} smallest
 * @param {number} sum
 * @param {number} side
 */
function worstRatio(largest, smallest, sum, side) {
  const depth = sum / side;
  return Math.max((depth * depth) / smallest, largest / (depth * depth));
}

/**
 * A row along the shorter side, and what stays free.
 *
 * @param {number[]} row
 * @param {Box} free
 * @param {boolean} isLast takes all that is left, whatever was lost by rounding
 * @returns {[Box[], Box]}
 */
function laidRow(row, free, isLast) {
  const sum = row.reduce((total, area) => total + area, 0);
  const { left, top, width, height } = free;
  const isUpright = width >= height;
  const side = isUpright ? height : width;
  const across = isUpright ? width : height;
  const depth = isLast ? across : sum / side;
  let start = 0;
  const boxes = row.map((area) => {
    const length = (area / sum) * side;
    const box = isUpright
      ? { left, top: top + start, width: depth, height: length }
      : { left: left + start, top, width: length, height: depth };
    start += length;
    return box;
  });
  const rest = isUpright
    ? { left: left + depth, top, width: width - depth, height }
    : { left, top: top + depth, width, height: height - depth };
  return [boxes, rest];
}

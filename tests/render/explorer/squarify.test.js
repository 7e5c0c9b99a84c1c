import assert from "node:assert/strict";
import { test } from "node:test";
import { squarify } from "../../../scripts/circleci_usage/render/explorer/modules/squarify.js";

/** @import { Box } from "../../../scripts/circleci_usage/render/explorer/modules/squarify.js" */

const BOX = { left: 10, top: 20, width: 600, height: 400 };

/**
 * @param {Box} one
 * @param {Box} other
 */
function overlap(one, other) {
  const width =
    Math.min(one.left + one.width, other.left + other.width) - Math.max(one.left, other.left);
  const height =
    Math.min(one.top + one.height, other.top + other.height) - Math.max(one.top, other.top);
  return Math.max(0, width) * Math.max(0, height);
}

const CASES = {
  "those of the paper": [6, 6, 4, 3, 2, 2, 1],
  one: [5],
  equal: Array.from({ length: 30 }, () => 1),
  "falling fast": Array.from({ length: 40 }, (_, index) => 1e9 / 2 ** index),
  large: [9e15, 3e15, 1],
};

for (const [name, amounts] of Object.entries(CASES)) {
  test(`areas are as amounts, inside of the box, and none overlap: ${name}`, () => {
    const boxes = squarify(amounts, BOX);
    const total = amounts.reduce((sum, amount) => sum + amount, 0);
    const whole = BOX.width * BOX.height;

    assert.equal(boxes.length, amounts.length);
    boxes.forEach(({ left, top, width, height }, index) => {
      const wanted = (amounts[index] / total) * whole;
      assert.ok(Math.abs(width * height - wanted) < 0.01, `${width * height} for ${wanted}`);
      assert.ok(left >= BOX.left - 1e-6 && left + width <= BOX.left + BOX.width + 1e-6);
      assert.ok(top >= BOX.top - 1e-6 && top + height <= BOX.top + BOX.height + 1e-6);
    });
    for (const [index, one] of boxes.entries()) {
      for (const other of boxes.slice(index + 1)) assert.ok(overlap(one, other) < 0.01);
    }
  });
}

test("boxes are near to squares", () => {
  const ratios = squarify(CASES.equal, BOX).map(({ width, height }) => width / height);

  assert.ok(ratios.every((ratio) => ratio > 0.5 && ratio < 2));
});

test("nothing fills nothing", () => {
  assert.deepEqual(squarify([], BOX), []);
});

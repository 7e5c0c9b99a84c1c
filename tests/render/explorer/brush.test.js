import assert from "node:assert/strict";
import { test } from "node:test";
import {
  brushAfterKey,
  brushAt,
  brushedBuckets,
  bucketAt,
} from "../../../scripts/circleci_usage/render/explorer/modules/brush.js";

const COUNT = 10;

/**
 * The brush after keys; those with a plus are pressed with Shift.
 *
 * @param {number} start
 * @param {string[]} keys
 */
function after(start, ...keys) {
  /** @type {ReturnType<typeof brushAfterKey>} */
  let brush = brushAt(start);
  for (const key of keys) {
    brush = brushAfterKey(brush ?? null, key.replace("+", ""), key.startsWith("+"), COUNT);
  }
  return brush;
}

test("arrow keys move", () => {
  assert.deepEqual(after(3, "ArrowRight", "ArrowRight", "ArrowLeft"), brushAt(4));
  assert.deepEqual(after(3, "Home", "ArrowLeft"), brushAt(0));
  assert.deepEqual(after(3, "End", "ArrowRight"), brushAt(COUNT - 1));
  assert.deepEqual(after(1, "PageUp"), brushAt(8));
});

test("with Shift they extend from where it began, in both directions", () => {
  assert.deepEqual(after(3, "+ArrowRight", "+ArrowRight"), { anchor: 3, at: 5, isWide: true });
  const leftward = after(3, "+ArrowRight", "+ArrowLeft", "+ArrowLeft", "+ArrowLeft");
  assert.deepEqual(leftward, { anchor: 3, at: 1, isWide: true });
  assert.deepEqual(brushedBuckets({ anchor: 3, at: 1, isWide: true }), [1, 3]);
  assert.deepEqual(after(3, "+End", "ArrowLeft"), brushAt(COUNT - 2));
});

test("Escape drops the selection; other keys are not for it", () => {
  assert.equal(after(3, "+ArrowRight", "Escape"), null);
  assert.equal(after(3, "a"), undefined);
  assert.equal(after(3, "Tab"), undefined);
});

test("a place belongs to the nearest bucket", () => {
  assert.equal(bucketAt(0, 100, COUNT), 0);
  assert.equal(bucketAt(9.99, 100, COUNT), 0);
  assert.equal(bucketAt(10, 100, COUNT), 1);
  assert.equal(bucketAt(-50, 100, COUNT), 0);
  assert.equal(bucketAt(500, 100, COUNT), 9);
});

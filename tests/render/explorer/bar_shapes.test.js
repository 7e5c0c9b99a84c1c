import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bandsPath,
  linePath,
  stackedPaths,
  stepsPath,
} from "../../../scripts/circleci_usage/render/explorer/modules/bar_shapes.js";

/** @param {number} value */
const scale = (value) => 100 - value;

test("bars stand on each other, with a hairline between them", () => {
  /** @type {[number, number][]} */
  const edges = [
    [0, 8],
    [10, 18],
  ];
  assert.deepEqual(
    stackedPaths(
      [
        [20, 0],
        [30, 5],
      ],
      edges,
      scale,
    ),
    ["M0 80H8V100H0Z", "M0 50H8V79H0ZM10 95H18V100H10Z"],
  );
});

test("negative amounts hang from zero", () => {
  assert.deepEqual(stackedPaths([[20], [-10], [5], [-7]], [[0, 8]], scale), [
    "M0 80H8V100H0Z",
    "M0 110H8V100H0Z",
    "M0 75H8V79H0Z",
    "M0 117H8V111H0Z",
  ]);
});

test("small and narrow bars have no hairline", () => {
  assert.deepEqual(stackedPaths([[20], [2]], [[0, 8]], scale)[1], "M0 78H8V80H0Z");
  assert.deepEqual(stackedPaths([[20], [30]], [[0, 3]], scale)[1], "M0 50H3V80H0Z");
});

test("lines are interrupted where an amount is not known", () => {
  assert.equal(stepsPath([10, 20, null, 30], 40, 4, scale), "M0 90H10V80H20M30 70H40");
  assert.equal(stepsPath([10, 20, 30], 20, 2, scale), "M0 90H10V80H20");
  assert.equal(linePath([10, 20, null, 30], 40, scale), "M5 90L15 80M32 70h6");
});

test("neighbors share a band", () => {
  assert.equal(bandsPath([true, true, false, true], 40, 9), "M0 0H20V9H0ZM30 0H40V9H30Z");
  assert.equal(bandsPath([false, false], 40, 9), "");
});

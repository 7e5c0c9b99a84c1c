import assert from "node:assert/strict";
import { test } from "node:test";
import {
  colorOf,
  colorVariable,
  distinctColors,
} from "../../../scripts/circleci_usage/render/explorer/modules/palette.js";
import { sampleDataset } from "./sample.js";

test("colors go by the cost of all days", () => {
  const dataset = sampleDataset();
  const { values, ranks } =
    /** @type {import("../../../scripts/circleci_usage/render/explorer/modules/types.js").Dimension} */ (
      dataset.dimensions.get("project")
    );
  for (const [code, name] of values.entries()) {
    assert.equal(colorOf(dataset, "project", name), (ranks[code] % 12) + 1);
  }
  assert.equal(colorOf(dataset, "project", "4 others"), 0);
  assert.equal(colorOf(dataset, "no dimension", "web"), 0);
});

test("no two of twelve names that are seen together look alike", () => {
  assert.deepEqual(distinctColors([1, 2, 3, 0]), [1, 2, 3, 0]);
  assert.deepEqual(distinctColors([1, 13, 25, 2, 0]), [1, 3, 4, 2, 0]);
  assert.deepEqual(distinctColors([12, 24]), [12, 1]);
  const many = distinctColors(Array.from({ length: 12 }, () => 5));
  assert.equal(new Set(many).size, 12);
  assert.deepEqual(distinctColors(Array.from({ length: 13 }, () => 5))[12], 5);
});

test("colors are variables of the style sheet", () => {
  assert.equal(colorVariable(12), "var(--series-12)");
  assert.equal(colorVariable(0), "var(--rest)");
});

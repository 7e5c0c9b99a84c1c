import assert from "node:assert/strict";
import { test } from "node:test";
import {
  colorsTogether,
  colorVariable,
} from "../../../scripts/circleci_usage/render/explorer/modules/palette.js";
import { datasetOf, sampleDataset } from "./sample.js";

test("colors go by the cost of all days", () => {
  const dataset = sampleDataset();
  const { values, ranks } =
    /** @type {import("../../../scripts/circleci_usage/render/explorer/modules/types.js").Dimension} */ (
      dataset.dimensions.get("project")
    );
  for (const [code, name] of values.entries()) {
    assert.deepEqual(colorsTogether(dataset, "project", [name]), [(ranks[code] % 12) + 1]);
  }
  assert.deepEqual(colorsTogether(dataset, "project", ["4 others", null]), [0, 0]);
  assert.deepEqual(colorsTogether(dataset, "no dimension", ["web"]), [0]);
});

test("no two of twelve names that are seen together look alike", () => {
  const names = Array.from({ length: 40 }, (_, rank) => `project ${rank}`);
  const dataset = datasetOf(
    names.map((project, rank) => ({
      day: 20_000,
      names: { project },
      amounts: { cost: BigInt(100 - rank) },
    })),
  );
  /** @param {(number | null)[]} ranks */
  const together = (...ranks) => {
    const shown = ranks.map((rank) => (rank === null ? null : names[rank]));
    return colorsTogether(dataset, "project", shown);
  };

  assert.deepEqual(together(0, 1, 2, null), [1, 2, 3, 0]);
  assert.deepEqual(together(24, 12, 0, 1), [4, 3, 1, 2]);
  assert.deepEqual(together(11, 23), [12, 1]);
  assert.equal(new Set(together(...names.keys())).size, 12);
  const alike = [0, 12, 24, 36, 1, 13, 25, 37, 2, 14, 26, 38];
  assert.equal(new Set(together(...alike)).size, 12);
});

test("colors are variables of the style sheet", () => {
  assert.equal(colorVariable(12), "var(--series-12)");
  assert.equal(colorVariable(0), "var(--rest)");
});

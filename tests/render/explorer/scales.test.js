import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketsOf } from "../../../scripts/circleci_usage/render/explorer/modules/days.js";
import {
  barEdges,
  bucketMarks,
  levelsOf,
  levelTexts,
} from "../../../scripts/circleci_usage/render/explorer/modules/scales.js";
import { day } from "./sample.js";

/** @param {number[]} levels */
const dollars = (levels) => levelTexts(levels, "$");

test("levels are few round numbers around all amounts", () => {
  assert.deepEqual(levelsOf(0, 47, false), [0, 10, 20, 30, 40, 50]);
  assert.deepEqual(levelsOf(-12, 47, false), [-20, 0, 20, 40, 60]);
  assert.deepEqual(levelsOf(-3, -1, false), [-3, -2, -1, 0]);
  assert.deepEqual(levelsOf(0, 0, false), [0, 1]);
  for (let power = -7; power < 12; power += 1) {
    for (const highest of [1, 1.01, 2.4, 3, 5.5, 9.99].map((size) => size * 10 ** power)) {
      const levels = levelsOf(-highest / 7, highest, false);
      assert.ok(levels[0] <= -highest / 7 && Number(levels.at(-1)) >= highest * (1 - 1e-9));
      assert.ok(levels.length <= 8 && levels.includes(0), `${levels}`);
    }
  }
});

test("there is nothing between whole numbers", () => {
  assert.deepEqual(levelsOf(0, 2, true), [0, 1, 2]);
  assert.deepEqual(levelsOf(0, 11, true), [0, 5, 10, 15]);
  assert.deepEqual(levelsOf(0, 120, true), [0, 25, 50, 75, 100, 125]);
});

test("levels have the decimal places that they need", () => {
  assert.deepEqual(dollars([0, 0.5, 1]), ["$0.00", "$0.50", "$1.00"]);
  assert.deepEqual(dollars([-50, 0, 50]), ["−$50", "$0", "$50"]);
  assert.deepEqual(dollars([0, 0.0002]), ["$0.0000", "$0.0002"]);
  assert.deepEqual(dollars([0, 250_000, 500_000]), ["$0", "$250,000", "$500,000"]);
  assert.deepEqual(dollars([0, 500_000, 1_000_000]), ["$0", "$0.5M", "$1.0M"]);
  assert.deepEqual(levelTexts([0, 2e9], ""), ["0", "2B"]);
  assert.deepEqual(levelTexts([0, 2.5, 5], ""), ["0.0", "2.5", "5.0"]);
});

test("bars are whole pixels with gaps, and touch where they are many", () => {
  assert.deepEqual(barEdges(2, 40), [
    [3, 17],
    [23, 37],
  ]);
  assert.deepEqual(barEdges(1, 1000), [[464, 536]]);
  for (const [count, width] of [
    [31, 1050],
    [92, 300],
    [400, 1050],
    [400, 250],
  ]) {
    const edges = barEdges(count, width);
    assert.equal(edges.length, count);
    assert.ok(edges.every(([left, right]) => right > left && left >= 0 && right <= width + 1));
  }
});

/**
 * @param {string} from
 * @param {string} to
 * @param {"day" | "week" | "month"} granularity
 * @param {number} room
 */
function marks(from, to, granularity, room) {
  const buckets = bucketsOf(day(from), day(to), granularity);
  return bucketMarks(buckets, granularity, room).map(({ text }) => text);
}

test("the axis names as many days, weeks or months as there is room for", () => {
  assert.deepEqual(marks("2026-10-01", "2026-10-03", "day", 5), ["Oct 1", "Oct 2", "Oct 3"]);
  assert.deepEqual(marks("2026-10-01", "2026-10-05", "day", 3), ["Oct 1", "Oct 3", "Oct 5"]);
  const mondays = ["Oct 5", "Oct 12", "Oct 19", "Oct 26"];
  assert.deepEqual(marks("2026-10-01", "2026-10-31", "day", 5), mondays);
  const months = ["Nov 2025", "Dec", "Jan 2026", "Feb"];
  assert.deepEqual(marks("2025-10-15", "2026-02-20", "day", 5), months);
  assert.deepEqual(marks("2025-10-15", "2026-02-20", "week", 5), months);
  assert.deepEqual(marks("2025-11-01", "2026-02-20", "month", 5), months);
  assert.deepEqual(marks("2026-09-05", "2026-09-05", "month", 5), ["Sep 2026"]);
  for (const room of [1, 2, 4, 10]) {
    const count = marks("2025-10-01", "2026-10-31", "day", room).length;
    assert.ok(count > 0 && count <= room, `${count} for ${room}`);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bucketsOf,
  formatDay,
  parseDay,
  presets,
  previousRange,
  readableDay,
  readableRange,
  usualGranularity,
  yearBefore,
} from "../../../scripts/circleci_usage/render/explorer/modules/days.js";

/** @param {string} text */
function day(text) {
  const found = parseDay(text);
  assert.notEqual(found, null, text);
  return Number(found);
}

/** @param {[number, number]} range */
const shown = (range) => range.map(formatDay).join(" to ");

test("days are read and written", () => {
  assert.equal(parseDay("1970-01-01"), 0);
  assert.equal(parseDay("2026-10-05"), 20731);
  for (const text of ["2024-02-29", "2026-12-31", "9999-12-31", "1969-12-31"]) {
    assert.equal(formatDay(day(text)), text);
  }
});

test("what is not a day is none", () => {
  const texts = [
    "",
    "2026-02-30",
    "2026-13-01",
    "2025-02-29",
    "2026-1-5",
    " 2026-10-05",
    "0050-01-01",
  ];
  for (const text of [...texts, "2026-10-05T00:00", "٢٠٢٦-10-05", "2026-10-05\n", "20261005"]) {
    assert.equal(parseDay(text), null, text);
  }
});

test("people read days and ranges", () => {
  /** @param {string} from @param {string} to */
  const range = (from, to) => readableRange(day(from), day(to));
  assert.equal(readableDay(day("2026-10-05")), "Oct 5, 2026");
  assert.equal(range("2026-10-05", "2026-10-05"), "Oct 5, 2026");
  assert.equal(range("2026-10-05", "2026-10-09"), "Oct 5–9, 2026");
  assert.equal(range("2026-10-05", "2026-11-02"), "Oct 5 – Nov 2, 2026");
  assert.equal(range("2025-12-29", "2026-01-04"), "Dec 29, 2025 – Jan 4, 2026");
});

test("buckets cover a range once, clipped", () => {
  const from = day("2026-01-31");
  const to = day("2026-03-02");
  for (const granularity of /** @type {const} */ (["day", "week", "month"])) {
    const buckets = bucketsOf(from, to, granularity);
    const days = buckets.flatMap((bucket) =>
      Array.from({ length: bucket.to - bucket.from + 1 }, (_, index) => bucket.from + index),
    );
    assert.deepEqual(
      days,
      Array.from({ length: to - from + 1 }, (_, index) => from + index),
    );
  }
});

test("weeks begin on Mondays, months on the first", () => {
  const [from, to] = [day("2026-10-07"), day("2026-11-02")];
  const labels = (/** @type {"week" | "month"} */ granularity) =>
    bucketsOf(from, to, granularity).map((bucket) => bucket.label);
  assert.deepEqual(labels("week"), [
    "2026-10-05",
    "2026-10-12",
    "2026-10-19",
    "2026-10-26",
    "2026-11-02",
  ]);
  assert.deepEqual(labels("month"), ["2026-10", "2026-11"]);
  assert.equal(bucketsOf(day("1969-12-31"), day("1969-12-31"), "week")[0].label, "1969-12-29");
});

test("the usual granularity keeps bars few", () => {
  assert.equal(usualGranularity(1, 92), "day");
  assert.equal(usualGranularity(1, 93), "week");
  assert.equal(usualGranularity(1, 400), "week");
  assert.equal(usualGranularity(1, 401), "month");
});

test("before a whole month is the one before, else whole weeks earlier", () => {
  /** @param {string} from @param {string} to */
  const before = (from, to) => shown(previousRange(day(from), day(to)));
  assert.equal(before("2026-03-01", "2026-03-31"), "2026-02-01 to 2026-02-28");
  assert.equal(before("2026-01-01", "2026-01-31"), "2025-12-01 to 2025-12-31");
  assert.equal(before("2026-03-01", "2026-03-30"), "2026-01-25 to 2026-02-23");
  assert.equal(before("2026-03-09", "2026-03-18"), "2026-02-23 to 2026-03-04");
  assert.equal(before("2026-03-09", "2026-03-09"), "2026-03-02 to 2026-03-02");
});

test("a year before has the same dates", () => {
  /** @param {string} from @param {string} to */
  const before = (from, to) => shown(yearBefore(day(from), day(to)));
  assert.equal(before("2026-10-01", "2026-10-31"), "2025-10-01 to 2025-10-31");
  assert.equal(before("2024-02-29", "2024-03-01"), "2023-02-28 to 2023-03-01");
  assert.equal(before("2025-02-01", "2025-02-28"), "2024-02-01 to 2024-02-28");
});

test("presets stay within the known days", async () => {
  const { sampleDataset } = await import("./sample.js");
  const dataset = sampleDataset();
  const ranges = presets(dataset);
  assert.deepEqual([ranges[0].from, ranges[0].to], dataset.period);
  assert.equal(ranges[1].to - ranges[1].from, 6);
  for (const { from, to } of ranges) {
    assert.ok(dataset.first <= from && from <= to && to <= dataset.last);
  }
});

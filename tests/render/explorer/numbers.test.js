import assert from "node:assert/strict";
import { test } from "node:test";
import {
  exact,
  metricCount,
  minutes,
  money,
  percent,
  percentChange,
  quotient,
  shownChange,
  shownMetric,
  wholeNumber,
  withPlaces,
} from "../../../scripts/circleci_usage/render/explorer/modules/numbers.js";
import { sampleDataset } from "./sample.js";

const AMOUNTS = {
  credits: 1_234_567n, // 3 places
  unpriced_credits: 0n,
  list_cost: 90_000_000n, // 7 places
  cost: 74_074_020n,
  job_runs: 3n,
  job_seconds: 125_500n, // 3 places
};

test("exact decimals have all digits and no trailing zeros", () => {
  assert.equal(exact(1250n, 2), "12.5");
  assert.equal(exact(-1n, 3), "-0.001");
  assert.equal(exact(110_000n, 2), "1100");
  assert.equal(exact(0n, 18), "0");
  assert.equal(exact(12n, 0), "12");
  assert.equal(exact(-(10n ** 40n) - 1n, 20), `-${"1".padEnd(21, "0")}.${"1".padStart(20, "0")}`);
});

test("rounding is half to even", () => {
  const halves = [5n, 15n, 25n, 35n, -5n, -15n, -25n];
  assert.deepEqual(
    halves.map((half) => quotient(half, 10n)),
    [0n, 2n, 2n, 4n, 0n, -2n, -2n],
  );
  assert.equal(withPlaces(12_345n, 3, 2), 1234n);
  assert.equal(withPlaces(12_355n, 3, 2), 1236n);
  assert.equal(withPlaces(-12_356n, 3, 5), -1_235_600n);
});

test("money is in cents", () => {
  assert.equal(money(123_450n, 2, "USD"), "$1,234.50");
  assert.equal(money(-300n, 2, "EUR"), "−€3.00");
  assert.equal(money(1n, 7, "GBP"), "<£0.01");
  assert.equal(money(0n, 7, "CHF"), "CHF\u00a00.00");
  assert.equal(money(1_000_000n, 0, "USD"), "$1,000,000.00");
});

test("counts are whole", () => {
  assert.equal(wholeNumber(179_098n), "179,098");
  assert.equal(wholeNumber(999n, 3), "<1");
  assert.equal(wholeNumber(-1_234_500n, 3), "−1,234");
  assert.equal(wholeNumber(0n), "0");
  assert.equal(minutes(125_500n, 3), "2");
  assert.equal(minutes(59_999n, 3), "<1");
  assert.equal(minutes(-7_200_000n, 3), "−120");
});

test("shares and changes are in percent", () => {
  assert.equal(percent(346n, 1000n), "34.6%");
  assert.equal(percent(1n, 10_000n), "<0.1%");
  assert.equal(percent(5n, 0n), "0.0%");
  assert.equal(percent(20n, 1n), "2,000.0%");
  assert.equal(percentChange(112n, 100n), "+12.0%");
  assert.equal(percentChange(96n, 100n), "−4.0%");
  assert.equal(percentChange(5n, 0n), "new");
  assert.equal(percentChange(0n, 0n), "no change");
  assert.equal(percentChange(-5n, -10n), "−50.0%");
});

test("metrics are counted and shown", () => {
  const dataset = sampleDataset();
  const unknown = { ...AMOUNTS, job_runs: null, job_seconds: null };
  assert.deepEqual(metricCount(AMOUNTS, "cost", dataset), { count: 74_074_020n, places: 7 });
  assert.deepEqual(metricCount(AMOUNTS, "run_minutes", dataset), { count: 2_091_667n, places: 6 });
  assert.deepEqual(metricCount(AMOUNTS, "cost_per_run", dataset), { count: 2_469_134n, places: 6 });
  assert.equal(shownMetric(AMOUNTS, "cost", dataset), "$7.41");
  assert.equal(shownMetric(AMOUNTS, "credits", dataset), "1,235");
  assert.equal(shownMetric(AMOUNTS, "run_minutes", dataset), "2");
  assert.equal(shownMetric(AMOUNTS, "cost_per_run", dataset), "$2.47");
  for (const metric of /** @type {const} */ (["job_runs", "run_minutes", "cost_per_run"])) {
    assert.equal(metricCount(unknown, metric, dataset), null);
    assert.equal(shownMetric(unknown, metric, dataset), "not known");
  }
  assert.equal(metricCount({ ...AMOUNTS, job_runs: 0n }, "cost_per_run", dataset), null);
});

test("differences have a sign", () => {
  const dataset = sampleDataset();
  /** @param {bigint} now @param {bigint} before */
  const change = (now, before) =>
    shownChange({ count: now, places: 2 }, { count: before, places: 2 }, "cost", dataset);
  assert.equal(change(1500n, 270n), "+$12.30");
  assert.equal(change(0n, 300n), "−$3.00");
  assert.equal(change(300n, 300n), "$0.00");
  assert.equal(shownChange(null, { count: 1n, places: 2 }, "cost", dataset), "not known");
});

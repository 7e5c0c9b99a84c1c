import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../../../scripts/circleci_usage/render/explorer/modules/answer.js";
import {
  tipOf,
  tipWords,
} from "../../../scripts/circleci_usage/render/explorer/modules/bar_tip.js";
import { barView } from "../../../scripts/circleci_usage/render/explorer/modules/bar_view.js";
import { readAddress } from "../../../scripts/circleci_usage/render/explorer/modules/question.js";
import { datasetOf, day, sampleDataset } from "./sample.js";

/**
 * @import { Dataset } from "../../../scripts/circleci_usage/render/explorer/modules/types.js"
 */

/**
 * A dollar on the first day, another one more on each day after it.
 *
 * @param {string} from
 * @param {string} to
 */
function dailyDollars(from, to) {
  const first = day(from);
  const days = Array.from({ length: day(to) - first + 1 }, (_, index) => index);
  return datasetOf(
    days.map((index) => ({
      day: first + index,
      names: { project: index % 2 === 0 ? "even" : "odd" },
      amounts: { cost: BigInt(index + 1) * 10n ** 7n, job_runs: 1n, type_runs: 1n },
    })),
  );
}

/**
 * @param {Dataset} dataset
 * @param {string} address
 */
function viewOf(dataset, address) {
  return barView(ask(dataset, readAddress(address, dataset).question), dataset);
}

/** @param {ReturnType<typeof barView>} view */
const comparedLabels = ({ compared }) => compared?.bars.map((bar) => bar?.bucket.label ?? "");

test("days stand next to those of the same weekday in the range before", () => {
  const dataset = dailyDollars("2026-09-01", "2026-10-31");

  const view = viewOf(dataset, "from=2026-10-01&to=2026-10-31&compare=previous");

  // October 1 is a Thursday, September 3 too.
  const labels = comparedLabels(view) ?? [];
  assert.equal(view.compared?.label, "Sep 1–30, 2026, aligned by weekday");
  assert.deepEqual([labels[0], labels[27], labels[28]], ["2026-09-03", "2026-09-30", ""]);
  assert.equal(labels.length, 31);
});

test("a few days, weeks and months stand in their order", () => {
  const dataset = dailyDollars("2026-08-01", "2026-10-31");
  /** @param {string} address */
  const labels = (address) => comparedLabels(viewOf(dataset, `${address}&compare=previous`));

  assert.deepEqual(labels("from=2026-10-06&to=2026-10-07"), ["2026-09-29", "2026-09-30"]);
  const weeks = "from=2026-10-12&to=2026-10-25&granularity=week";
  assert.deepEqual(labels(weeks), ["2026-09-28", "2026-10-05"]);
  assert.deepEqual(labels("from=2026-10-01&to=2026-10-31&granularity=month"), ["2026-09"]);
});

test("nothing is drawn of a range that is not known completely", () => {
  const dataset = dailyDollars("2026-10-01", "2026-10-31");

  const view = viewOf(dataset, "from=2026-10-10&to=2026-10-31&compare=previous");

  assert.equal(view.compared, null);
});

test("a bucket says its total, its parts from the top, and what was before", () => {
  const dataset = dailyDollars("2026-09-25", "2026-10-10");
  const view = viewOf(dataset, "by=project&from=2026-10-06&to=2026-10-10&compare=previous");

  assert.equal(
    tipWords(tipOf(view, 0, 0), false),
    "Tue, Oct 6, 2026: Total $12.00, odd $12.00, Sep 29, 2026 $5.00",
  );
  assert.equal(
    tipWords(tipOf(view, 0, 2), true),
    "Oct 6–8, 2026 selected: Total $39.00, even $13.00, odd $26.00, Sep 29 – Oct 1, 2026 $18.00",
  );
});

test("what is partly known says so, and what does not add up has no total", () => {
  const dataset = sampleDataset();
  /** @param {string} address */
  const words = (address) => tipWords(tipOf(viewOf(dataset, address), 0, 0), false);

  const week = words("by=team&from=2026-10-19&to=2026-10-25&granularity=week");
  assert.match(week, /^Oct 19–25, 2026: Total \$[\d.]+, Usage is partly not known, /);
  assert.equal(words("from=2026-10-20&to=2026-10-21"), "Tue, Oct 20, 2026: Total not known");
  const ratios = words("by=team&metric=cost_per_run&from=2026-10-05&to=2026-10-06");
  assert.doesNotMatch(ratios, /Total/);
});

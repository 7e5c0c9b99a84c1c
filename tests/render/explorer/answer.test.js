import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ask,
  restOf,
  valuesOf,
} from "../../../scripts/circleci_usage/render/explorer/modules/answer.js";
import { formatDay } from "../../../scripts/circleci_usage/render/explorer/modules/days.js";
import { metricCount } from "../../../scripts/circleci_usage/render/explorer/modules/numbers.js";
import { readAddress } from "../../../scripts/circleci_usage/render/explorer/modules/question.js";
import { askedOracle, randomAddress, randomLines } from "./oracle.js";
import { datasetOf, day, sampleDataset } from "./sample.js";

/** @import { Dataset, Row } from "../../../scripts/circleci_usage/render/explorer/modules/types.js" */

const DATASET = sampleDataset();

/** @param {string} hash */
function answer(hash, dataset = DATASET, seriesCount = 6) {
  return ask(dataset, readAddress(hash, dataset).question, seriesCount);
}

/** @param {Row[]} rows */
const names = (rows) => rows.map((row) => row.names.join("/"));

test("rows are groups by their cost, largest first, and sum to the totals", () => {
  const { rows, totals, lines } = answer("");
  assert.deepEqual(names(rows), [
    "ios-app",
    "web-shop",
    "User seats",
    "android, the app",
    "web-cart",
    "infra",
  ]);
  assert.equal(
    rows.reduce((sum, row) => sum + row.amounts.cost, 0n),
    totals.cost,
  );
  assert.equal(
    rows.reduce((sum, row) => sum + (row.amounts.job_runs ?? 0n), 0n),
    totals.job_runs,
  );
  assert.ok(lines > 150 && lines < DATASET.lines);
});

test("two dimensions have subtotals", () => {
  const { rows } = answer("by=team,project&sort=project&order=asc");
  assert.deepEqual(names(rows), ["mobile", "shop", "(shared)", "platform"]);
  assert.deepEqual(names(rows[1].children), ["shop/web-cart", "shop/web-shop"]);
  for (const { amounts, children } of rows) {
    assert.equal(
      children.reduce((sum, row) => sum + row.amounts.cost, 0n),
      amounts.cost,
    );
  }
});

test("without a dimension there are totals and one series", () => {
  const { rows, totals, series, buckets } = answer("by=&granularity=week");
  assert.deepEqual(rows, []);
  assert.equal(totals.cost, answer("").totals.cost);
  assert.deepEqual(
    series.map((each) => each.name),
    ["All"],
  );
  assert.equal(series[0].values.length, buckets.length);
});

test("filters include, exclude, and hold together", () => {
  assert.deepEqual(names(answer("project=web-*").rows), ["web-shop", "web-cart"]);
  assert.deepEqual(names(answer("project=web-*&project!=*cart").rows), ["web-shop"]);
  assert.deepEqual(names(answer("project=android%5C,%20the%20app").rows), ["android, the app"]);
  assert.deepEqual(names(answer("by=job&team=mobile&job!=test%5C*").rows), ["archive"]);
  assert.deepEqual(answer("project=nothing").rows, []);
  assert.equal(answer("project=nothing").totals.cost, 0n);
});

test("job runs are known as far as the lines tell them", () => {
  const all = answer("");
  const compute = answer("credit_type=compute");
  const several = answer("credit_type=compute,storage");
  assert.ok(Number(all.totals.job_runs) > 0);
  assert.equal(compute.totals.job_runs, all.totals.job_runs);
  assert.equal(compute.totals.job_seconds, null);
  assert.equal(several.totals.job_runs, null);
  assert.equal(several.rows[0].amounts.job_runs, null);
  assert.deepEqual(answer("credit_type=*").totals, all.totals);
});

test("groups by credit type have the runs that used it, their rest does not know", () => {
  const { rows, totals, question } = answer("by=team,credit_type");
  const mobile = rows[0];
  assert.deepEqual(names(mobile.children), ["mobile/compute", "mobile/storage"]);
  assert.equal(mobile.amounts.job_runs, mobile.children[0].amounts.job_runs);
  assert.ok(Number(mobile.children[1].amounts.job_runs) > 0);
  assert.equal(mobile.children[1].amounts.job_seconds, null);
  const rest = restOf(mobile.children, question, DATASET);
  assert.deepEqual([rest.names, rest.others], [["mobile"], 2]);
  assert.equal(rest.amounts.cost, mobile.amounts.cost);
  assert.equal(rest.amounts.job_runs, null);
  assert.equal(restOf(rows, question, DATASET).amounts.job_runs, totals.job_runs);
});

test("a comparison is of days that are all known", () => {
  const { rows, compared, comparedRange, comparedKnown } = answer(
    "from=2026-10-05&to=2026-10-11&compare=previous",
  );
  assert.ok(comparedKnown);
  assert.deepEqual(comparedRange?.map(formatDay), ["2026-09-28", "2026-10-04"]);
  assert.equal(
    rows.reduce((sum, row) => sum + (row.compared?.cost ?? 0n), 0n),
    compared?.cost,
  );
  // What is gone is a row too.
  const seats = rows.find((row) => row.names[0] === "User seats");
  assert.equal(seats?.amounts.cost, 0n);
  assert.ok(Number(seats?.compared?.cost) > 0);
  for (const hash of [
    "compare=year",
    "compare=previous",
    "from=2026-10-25&to=2026-10-31&compare=previous",
  ]) {
    const unknown = answer(hash);
    assert.ok(!unknown.comparedKnown);
    assert.equal(unknown.compared, null);
    assert.ok(unknown.rows.every((row) => row.compared === null));
  }
});

test("rows are sorted by change, metric or name; what is not known comes last", () => {
  const hash = "from=2026-10-05&to=2026-10-11&compare=previous&sort=change&order=asc";
  const { rows } = answer(hash);
  const changes = rows.map(({ amounts, compared }) =>
    Number(amounts.cost - (compared?.cost ?? 0n)),
  );
  assert.deepEqual(
    changes,
    [...changes].sort((one, other) => one - other),
  );
  const perRun = answer("metric=cost_per_run&order=asc").rows;
  assert.equal(perRun[perRun.length - 1].names[0], "User seats");
  const byName = names(answer("sort=project").rows);
  assert.deepEqual(byName, [...names(answer("sort=project&order=asc").rows)].reverse());
});

test("series are the largest groups and their rest, in buckets", () => {
  const { series, buckets, totals, rows } = answer("granularity=week&sort=project", DATASET, 2);
  assert.deepEqual(
    series.map((each) => each.name),
    ["ios-app", "web-shop", "Other projects"],
  );
  assert.deepEqual(
    series.map((each) => each.isRest),
    [false, false, true],
  );
  assert.deepEqual(
    series.map((each) => each.color),
    // Over all days, the seats of two months cost more than web-shop.
    [1, 3, 0],
  );
  assert.equal(buckets.length, 5);
  const values = series.flatMap((each) => each.values.map((value) => value ?? 0n));
  assert.equal(
    values.reduce((sum, value) => sum + value, 0n),
    totals.cost,
  );
  const ios = series[0].values.reduce((sum, value) => (sum ?? 0n) + (value ?? 0n), 0n);
  assert.equal(ios, rows.find((row) => row.names[0] === "ios-app")?.amounts.cost);
});

test("days without known usage are not zero in a series", () => {
  const { series, buckets } = answer("from=2026-10-19&to=2026-10-23");
  const missing = buckets.map(
    (bucket) => bucket.from >= day("2026-10-20") && bucket.to <= day("2026-10-22"),
  );
  for (const { values } of series) {
    assert.deepEqual(
      values.map((value) => value === null),
      missing,
    );
  }
});

test("values are those in the range, whatever the filter on their own dimension", () => {
  const { question } = readAddress("team=shop&project=web-cart", DATASET);
  const values = valuesOf(DATASET, question, "project");
  assert.deepEqual(
    values.map((value) => value.name),
    ["web-shop", "web-cart"],
  );
  assert.ok(values[0].cost > values[1].cost);
});

test("groups of which everything is zero are left out", () => {
  const line = { day: 20_000, names: { project: "idle" }, amounts: {} };
  const other = { day: 20_000, names: { project: "busy" }, amounts: { unpriced_credits: 1n } };
  const offsetting = [2n ** 60n, -(2n ** 60n)].map((cost) => ({
    ...{ day: 20_000, names: { project: "credited" } },
    amounts: { cost },
  }));
  const dataset = datasetOf([line, other, ...offsetting]);
  assert.deepEqual(names(answer("", dataset).rows), ["busy"]);
});

for (const [what, largest] of /** @type {const} */ ([
  ["small", 40n],
  ["too large for a number", 80n],
])) {
  test(`sums are exact to the last digit: ${what} and negative amounts`, () => {
    const dice = { state: 7 };
    const lines = randomLines(dice, 400, 2n ** largest);
    const dataset = datasetOf(lines, { missing: [[20_010, 20_012]] });
    for (let turn = 0; turn < 80; turn += 1) {
      const { question, unknown } = readAddress(randomAddress(dice, dataset), dataset);
      assert.deepEqual(unknown, []);
      const found = ask(dataset, question);
      const expected = askedOracle(lines, question);
      assert.deepEqual(found.totals, expected.totals);
      assert.deepEqual(groupsByName(found.rows), expected.groups);
      assertSeriesSum(dataset, found);
    }
  });
}

/**
 * All rows of all levels by their names.
 *
 * @param {Row[]} rows
 */
function groupsByName(rows) {
  const all = rows.flatMap((row) => [row, ...row.children]);
  return new Map(
    all
      .map((row) => /** @type {const} */ ([JSON.stringify(row.names), row.amounts]))
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

/**
 * @param {Dataset} dataset
 * @param {ReturnType<typeof ask>} found
 */
function assertSeriesSum(dataset, { series, totals, question }) {
  if (question.metric !== "cost" && question.metric !== "credits") return;
  const values = series.flatMap((each) => each.values.map((value) => value ?? 0n));
  const sum = values.reduce((total, value) => total + value, 0n);
  assert.equal(sum, metricCount(totals, question.metric, dataset)?.count);
}

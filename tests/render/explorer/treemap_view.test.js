import assert from "node:assert/strict";
import { test } from "node:test";
import { treeView } from "../../../scripts/circleci_usage/render/explorer/modules/treemap_view.js";
import { sampleDataset } from "./sample.js";

/**
 * @import { Amounts, Answer, Question, Row } from "../../../scripts/circleci_usage/render/explorer/modules/types.js"
 */

const DATASET = sampleDataset();

/**
 * @param {bigint} cost
 * @returns {Amounts}
 */
function amounts(cost) {
  const none = { credits: 0n, unpriced_credits: 0n, list_cost: 0n };
  return { ...none, cost, job_runs: null, job_seconds: null };
}

/**
 * @param {string[]} names
 * @param {bigint} cost
 * @param {Row[]} children
 * @returns {Row}
 */
function row(names, cost, children = []) {
  return { names, amounts: amounts(cost), compared: null, children, others: 0 };
}

/**
 * @param {Row[]} rows
 * @param {Partial<Question>} changed
 * @returns {Answer}
 */
function answerOf(rows, changed = {}) {
  const sum = rows.reduce((total, each) => total + each.amounts.cost, 0n);
  /** @type {Question} */
  const question = {
    by: ["project"],
    where: [],
    from: 0,
    to: 1,
    granularity: "day",
    metric: "cost",
    compare: "",
    top: 20,
    sort: "",
    ascending: false,
    chart: "treemap",
    ...changed,
  };
  return {
    question,
    totals: amounts(sum),
    compared: null,
    comparedRange: null,
    comparedKnown: false,
    rows,
    buckets: [],
    series: [],
    lines: rows.length,
  };
}

test("cells are the groups above zero, the largest first, whatever the order of the table", () => {
  const rows = [row(["a"], 5n), row(["b"], -2n), row(["c"], 9n), row(["d"], 0n), row(["e"], 5n)];

  const view = treeView(answerOf(rows), DATASET);

  assert.deepEqual(
    view.cells.map(({ label }) => label),
    ["c", "a", "e"],
  );
  assert.equal(view.leftOut, 2);
  assert.equal(view.whole, 17n);
});

test("what is not among the top is one cell, which keeps areas true", () => {
  const rows = [9n, 4n, 3n, 2n].map((cost) => row([`cost ${cost}`], cost));

  const { cells } = treeView(answerOf(rows, { top: 2 }), DATASET);

  assert.deepEqual(
    cells.map(({ label, value, names }) => [label, value, names.length]),
    [
      ["cost 9", 9n, 1],
      ["cost 4", 4n, 1],
      ["2 others", 5n, 0],
    ],
  );
  assert.equal(treeView(answerOf(rows, { top: 3 }), DATASET).cells[3].label, "cost 2");
});

test("small cells of the second level are summed up; with none else there is no second level", () => {
  const children = [900n, 97n, 1n, 2n].map((cost) => row(["team", `cost ${cost}`], cost));
  const rows = [row(["team"], 1000n, children), row(["small"], 2n, [row(["small", "x"], 2n)])];

  const [large, small] = treeView(answerOf(rows, { by: ["team", "project"] }), DATASET).cells;

  assert.deepEqual(
    large.cells.map(({ label, value }) => [label, value]),
    [
      ["cost 900", 900n],
      ["cost 97", 97n],
      ["2 others", 3n],
    ],
  );
  assert.deepEqual(small.cells, []);
});

test("no areas, and why", () => {
  const rows = [row(["a"], 5n)];
  /** @param {Answer} answer */
  const reason = (answer) => treeView(answer, DATASET).reason;

  assert.match(reason(answerOf(rows, { metric: "cost_per_run" })), /does not add up/);
  assert.match(reason(answerOf(rows, { metric: "job_runs" })), /^Job runs: no group/);
  assert.equal(reason(answerOf([])), "No usage matches.");
  assert.equal(treeView(answerOf([row([], 5n)], { by: [] }), DATASET).cells[0].label, "All");
});

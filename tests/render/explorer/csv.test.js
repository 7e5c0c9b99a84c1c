import assert from "node:assert/strict";
import { test } from "node:test";

import { ask } from "../../../scripts/circleci_usage/render/explorer/modules/answer.js";
import { csvOf, neutral } from "../../../scripts/circleci_usage/render/explorer/modules/csv.js";
import { readAddress } from "../../../scripts/circleci_usage/render/explorer/modules/question.js";
import { datasetOf, day } from "./sample.js";

/** @param {string} project @param {string} job @param {bigint} cost in 10^-7 */
function line(project, job, cost, when = "2026-10-05") {
  return {
    day: day(when),
    names: { project, job },
    amounts: { cost, list_cost: cost, credits: 1500n, job_runs: 2n, job_seconds: 90_000n },
  };
}

const DATASET = datasetOf(
  [
    line("web", "test", 12_345_678n),
    line("web", "=SUM(A1)", 1n),
    line('a,"b"', "deploy", -5_000_000n),
    line("web", "test", 1n, "2026-09-28"),
  ],
  { first: day("2026-09-28"), last: day("2026-10-05") },
);

/** @param {string} address */
function saved(address) {
  const { question } = readAddress(address, DATASET);
  return csvOf(ask(DATASET, question), DATASET);
}

test("all groups are saved with all their digits, however few are listed", () => {
  assert.equal(
    saved("by=project&from=2026-10-05&to=2026-10-05&top=1"),
    [
      "project,credits,cost,list_cost,job_runs,run_minutes",
      "web,3,1.2345679,1.2345679,4,3",
      '"a,""b""",1.5,-0.5,-0.5,2,1.5',
      "",
    ].join("\n"),
  );
});

test("of two dimensions the inner groups are saved, and no name is a formula", () => {
  const lines = saved("by=project,job&from=2026-10-05&to=2026-10-05").split("\n");

  assert.deepEqual(
    lines.map((each) => each.split(",").slice(0, 2).join()),
    ["project,job", "web,test", "web,'=SUM(A1)", '"a,""b"""', ""],
  );
});

test("the range compared with has columns of its own; what is not known is empty", () => {
  const known = saved("by=&from=2026-10-05&to=2026-10-05&compare=previous").split("\n");
  const unknown = saved("by=&from=2026-10-05&to=2026-10-05&compare=year").split("\n");

  assert.match(known[0], /^credits,.*,compared_credits,compared_cost,compared_list_cost,/);
  assert.equal(known[1], "4.5,0.7345679,0.7345679,6,4.5,1.5,0.0000001,0.0000001,2,1.5");
  assert.equal(unknown[1], "4.5,0.7345679,0.7345679,6,4.5,,,,,");
});

test("the cost per run is saved where it is the metric", () => {
  const lines = saved("by=&metric=cost_per_run&from=2026-10-05&to=2026-10-05").split("\n");

  assert.deepEqual(lines[0].split(",").at(-1), "cost_per_run");
  assert.deepEqual(lines[1].split(",").at(-1), "0.122428");
});

for (const [name, cell] of [
  ["web", "web"],
  ["=1+1", "'=1+1"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@acme", "'@acme"],
  ["\tx", "'\tx"],
  ["\rx", "' x"],
  ["＝1", "'＝1"],
  ["a\rb", "a b"],
  ["", ""],
]) {
  test(`${JSON.stringify(name)} becomes ${JSON.stringify(cell)}`, () => {
    assert.equal(neutral(name), cell);
  });
}

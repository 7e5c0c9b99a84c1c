import assert from "node:assert/strict";
import { test } from "node:test";

import {
  withBy,
  withCompare,
  withFilter,
  withRange,
  withSort,
} from "../../../scripts/circleci_usage/render/explorer/modules/changes.js";
import {
  drillDown,
  goBack,
} from "../../../scripts/circleci_usage/render/explorer/modules/drill.js";
import {
  readAddress,
  writeAddress,
} from "../../../scripts/circleci_usage/render/explorer/modules/question.js";
import { datasetOf, day } from "./sample.js";

const DATASET = datasetOf([], { first: day("2025-10-01"), last: day("2026-10-31") });

/** @param {string} address */
function question(address) {
  return readAddress(address, DATASET).question;
}

/** @param {import("../../../scripts/circleci_usage/render/explorer/modules/types.js").Question} asked */
function address(asked) {
  return writeAddress(asked, DATASET);
}

for (const [from, names, to] of /** @type {[string, string[], string][]} */ ([
  ["by=team", ["shop"], "team=shop"],
  ["by=organization", ["acme"], "organization=acme"],
  ["by=project", ["a,b*"], "by=workflow&project=a%5C,b%5C*"],
  ["by=workflow&project=web", ["ci"], "by=job&project=web&workflow=ci"],
  ["by=job", ["test"], "by=resource_class&job=test"],
  ["by=branch", ["main"], "branch=main"],
  ["by=branch&project=web", ["main"], "by=workflow&project=web&branch=main"],
  ["by=team,project", ["shop"], "team=shop"],
  ["by=team,project", ["shop", "web"], "by=workflow&team=shop&project=web"],
  ["by=project&project=web-*&project!=x", ["web-1"], "by=workflow&project=web-1&project!=x"],
  ["by=team&sort=team&order=asc", ["shop"], "team=shop"],
  [
    "by=resource_class&project=a&workflow=b&job=c",
    ["large"],
    "by=&project=a&workflow=b&job=c&resource_class=large",
  ],
])) {
  test(`${names} of ${from} leads to ${to}`, () => {
    const asked = drillDown(question(from), names);

    assert.equal(decodeURI(address(asked)), decodeURI(to));
  });
}

test("the way back is the way in, without other filters", () => {
  const start = question("by=team&status!=failed");
  const inside = drillDown(drillDown(drillDown(start, ["shop"]), ["web"]), ["ci"]);

  assert.equal(address(goBack(inside, 1)), "by=workflow&status!=failed&team=shop&project=web");
  assert.equal(address(goBack(inside, 0)), "status!=failed&team=shop");
  assert.equal(address(goBack(inside, -1)), "by=team&status!=failed");
});

test("a filter of the same kind is replaced in its place, and goes away without patterns", () => {
  const { where } = question("project=web&status!=failed&project!=x");
  const next = withFilter(where, { dimension: "project", excludes: false, patterns: ["api"] });

  assert.deepEqual(
    next.map(({ dimension, excludes, patterns }) => [dimension, excludes, ...patterns]),
    [
      ["project", false, "api"],
      ["status", true, "failed"],
      ["project", true, "x"],
    ],
  );
  const gone = withFilter(where, { dimension: "status", excludes: true, patterns: [] });
  assert.equal(gone.length, 2);
});

test("a range brings its usual granularity, unless another was chosen", () => {
  const usual = withRange(question(""), day("2025-10-01"), day("2026-10-31"));
  const chosen = withRange(question("granularity=month"), day("2026-10-01"), day("2026-10-09"));

  assert.equal(usual.granularity, "week");
  assert.equal(chosen.granularity, "month");
});

test("a second click on a column turns the order; what is gone sorts nothing", () => {
  const byRuns = withSort(question(""), "job_runs");

  assert.deepEqual([byRuns.sort, byRuns.ascending], ["job_runs", false]);
  assert.equal(withSort(byRuns, "job_runs").ascending, true);
  assert.equal(withSort(byRuns, "project").ascending, true);
  assert.equal(withSort(byRuns, "cost").sort, "");
  assert.equal(withBy(question("sort=project"), ["team"]).sort, "");
  assert.equal(withCompare(question("compare=year&sort=change"), "").sort, "");
});

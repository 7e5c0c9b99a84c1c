import assert from "node:assert/strict";
import { test } from "node:test";

import {
  choicesOf,
  hintOf,
} from "../../../scripts/circleci_usage/render/explorer/modules/value_search.js";

const VALUES = [
  { name: "web-shop", cost: 30n },
  { name: "api", cost: 20n },
  { name: "web-*", cost: 10n },
  { name: "Web", cost: 0n },
];

/** @param {string} search @param {string[]} checked */
function patterns(search, checked = []) {
  return choicesOf(VALUES, search, checked).shown.map(({ pattern }) => pattern);
}

test("without a search all values are listed, those that are checked first", () => {
  assert.deepEqual(patterns(""), ["web-shop", "api", "web-\\*", "Web"]);
  assert.deepEqual(patterns("", ["api", "old"]), ["api", "old", "web-shop", "web-\\*", "Web"]);
});

test("a search finds parts of names, whatever their case", () => {
  assert.deepEqual(patterns(" WEB "), ["web-shop", "web-\\*", "Web"]);
  assert.deepEqual(patterns("nobody"), []);
});

test("a pattern can be chosen itself, with what it matches and what that costs", () => {
  const { shown } = choicesOf(VALUES, "web-*", []);

  assert.deepEqual(shown[0], { pattern: "web-*", cost: 40n, matches: 2 });
  assert.deepEqual(patterns("web-*", ["*"]), ["web-*", "*", "web-shop", "web-\\*"]);
});

test("a hint tells how much of the list there is", () => {
  const many = Array.from({ length: 1475 }, (_, index) => ({ name: `job-${index}`, cost: 1n }));

  assert.equal(hintOf(choicesOf(VALUES, "", []), "jobs"), "4 jobs");
  assert.equal(hintOf(choicesOf(VALUES, "api", []), "jobs"), "1 of 4 jobs");
  assert.equal(hintOf(choicesOf(VALUES, "x", []), "jobs"), "No jobs match.");
  assert.equal(hintOf(choicesOf(many, "", []), "jobs"), "100 of 1,475 jobs. Search for others.");
});

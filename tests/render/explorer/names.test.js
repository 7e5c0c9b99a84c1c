import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compareNames,
  isLiteral,
  literal,
  matcherOf,
  plainOf,
  splitAtCommas,
} from "../../../scripts/circleci_usage/render/explorer/modules/names.js";

/** @param {string} pattern @param {string} name */
const matches = (pattern, name) => matcherOf([pattern])(name);

test("globs match whole names", () => {
  /** @type {[string, string, boolean][]} */
  const cases = [
    ["web", "web", true],
    ["web", "website", false],
    ["web-*", "web-", true],
    ["web-*", "my-web-shop", false],
    ["*shop", "web-shop", true],
    ["*shop", "shops", false],
    ["a*b*c", "a-c-b-c", true],
    ["a*b*c", "a-c-b", false],
    ["ab*ba", "aba", false],
    ["*", "", true],
    ["**", "x", true],
    ["?", "é", true],
    ["?", "😀", true],
    ["??", "😀", false],
    ["a?c*", "abcd", true],
    ["*?", "", false],
    ["Web", "web", false],
    [".*", "x", false],
    ["*b*", "a\nb\nc", true],
  ];
  for (const [pattern, name, expected] of cases) {
    assert.equal(matches(pattern, name), expected, `${pattern} ~ ${name}`);
  }
});

test("one of several patterns is enough, and none match nothing", () => {
  const isOurs = matcherOf(["web-*", "site", "api?"]);
  assert.deepEqual(["web-1", "site", "api2", "api", "sites"].map(isOurs), [
    true,
    true,
    true,
    false,
    false,
  ]);
  assert.equal(matcherOf([])(""), false);
});

test("a backslash makes the next character plain", () => {
  assert.ok(matches("a\\*", "a*"));
  assert.ok(!matches("a\\*", "ab"));
  assert.ok(matches("\\?*", "?x"));
  assert.ok(matches("a\\\\", "a\\"));
  assert.ok(matches("a\\", "a\\"));
  assert.ok(matches("\\a", "a"));
});

test("a literal matches its name only", () => {
  for (const name of ["a,b", "*", "what?", "C:\\x", "\\*", "ünï😀", "a\\"]) {
    assert.ok(isLiteral(literal(name)), name);
    assert.equal(plainOf(literal(name)), name);
    assert.ok(matches(literal(name), name));
    assert.deepEqual(splitAtCommas(literal(name)), [literal(name)]);
  }
  assert.ok(!isLiteral("a*"));
  assert.ok(!isLiteral("\\\\?"));
});

test("texts are split at commas that are not escaped", () => {
  assert.deepEqual(splitAtCommas("a,b\\,c,,d\\\\,e"), ["a", "b\\,c", "d\\\\", "e"]);
  assert.deepEqual(splitAtCommas(""), []);
  assert.deepEqual(splitAtCommas("a\\"), ["a\\"]);
});

test("many stars are not slow", () => {
  const started = process.cpuUsage();
  assert.ok(!matches(`${"*a".repeat(2000)}*b`, "a".repeat(20_000)));
  assert.ok(!matches(`${"*?a".repeat(500)}b`, "a".repeat(20_000)));
  assert.ok(process.cpuUsage(started).user < 2_000_000); // Microseconds of the processor.
});

test("names are ordered by code points", () => {
  const names = ["b", "a", "😀", "\uffee", "", "ab", "B", "😁", "é"];
  const expected = [...names].sort((one, other) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  );
  assert.deepEqual(names.sort(compareNames), expected);
  assert.equal(compareNames("a", "a"), 0);
});

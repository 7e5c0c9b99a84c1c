import assert from "node:assert/strict";
import { test } from "node:test";
import { literal } from "../../../scripts/circleci_usage/render/explorer/modules/names.js";
import {
  readAddress,
  writeAddress,
} from "../../../scripts/circleci_usage/render/explorer/modules/question.js";
import { day, sampleDataset } from "./sample.js";

const DATASET = sampleDataset();
const USUAL = {
  by: ["project"],
  where: [],
  from: day("2026-10-01"),
  to: day("2026-10-31"),
  granularity: "day",
  metric: "cost",
  compare: "",
  top: 20,
  sort: "",
  ascending: false,
  chart: "bars",
};

/** @param {string} hash */
const question = (hash) => readAddress(hash, DATASET).question;
/** @param {string} hash */
const unknown = (hash) => readAddress(hash, DATASET).unknown;

test("an empty address is the usual question", () => {
  for (const hash of ["", "#", "#&&"]) {
    assert.deepEqual(readAddress(hash, DATASET), { question: USUAL, unknown: [] });
  }
  assert.equal(writeAddress(question(""), DATASET), "");
  assert.equal(writeAddress(question(""), DATASET, true), "from=2026-10-01&to=2026-10-31");
});

const WHOLE =
  "by=team,job&project=web-*,ios-app&status!=failed&from=2026-10-05&to=2026-11-01" +
  "&granularity=week&metric=credits&compare=year&top=5&sort=job&order=asc&chart=treemap";

test("every parameter is read and written", () => {
  const { question: read, unknown: left } = readAddress(`#${WHOLE}`, DATASET);
  assert.deepEqual(left, []);
  assert.deepEqual(read, {
    by: ["team", "job"],
    where: [
      { dimension: "project", excludes: false, patterns: ["web-*", "ios-app"] },
      { dimension: "status", excludes: true, patterns: ["failed"] },
    ],
    from: day("2026-10-05"),
    to: day("2026-11-01"),
    granularity: "week",
    metric: "credits",
    compare: "year",
    top: 5,
    sort: "job",
    ascending: true,
    chart: "treemap",
  });
  assert.equal(writeAddress(read, DATASET), WHOLE);
});

test("values may be separated or repeated, and no dimension is fine", () => {
  assert.deepEqual(question("project=a&team!=x&project=b,a").where, [
    { dimension: "project", excludes: false, patterns: ["a", "b"] },
    { dimension: "team", excludes: true, patterns: ["x"] },
  ]);
  assert.deepEqual(question("by=").by, []);
  assert.equal(writeAddress(question("by="), DATASET), "by=");
  const nothing = readAddress("project=&team!=,", DATASET);
  assert.deepEqual(nothing.question.where, []);
  assert.deepEqual(nothing.unknown, ["project=", "team!=,"]);
});

test("any name survives the way through an address", () => {
  const names = [
    "a,b",
    "50% & more",
    "#1",
    "a+b",
    "x=y",
    "*",
    "?",
    "\\",
    "ünï 😀",
    '"<>`{|}^',
    "\u0000\n",
  ];
  const patterns = names.map(literal);
  const asked = { ...question(""), where: [{ dimension: "job", excludes: false, patterns }] };
  const address = writeAddress(asked, DATASET);
  assert.deepEqual(readAddress(address, DATASET), { question: asked, unknown: [] });
  assert.match(address, /^job=a%5C,b,50%25%20%26%20more,%231,a%2Bb,x=y,%5C\*,%5C\?,/);
});

test("lone surrogates are written as something", () => {
  const where = [{ dimension: "job", excludes: false, patterns: ["\ud800"] }];
  assert.equal(writeAddress({ ...question(""), where }, DATASET), "job=%EF%BF%BD");
});

test("days are clipped to those that are known", () => {
  const clipped = question("from=2020-01-01&to=2030-01-01");
  assert.deepEqual([clipped.from, clipped.to], [DATASET.first, DATASET.last]);
  const open = question("from=2026-11-03");
  assert.deepEqual([open.from, open.to], [day("2026-11-03"), DATASET.last]);
  for (const hash of ["from=2020-01-01&to=2020-02-01", "from=2026-10-09&to=2026-10-08"]) {
    const { question: usual, unknown: left } = readAddress(hash, DATASET);
    assert.deepEqual([usual.from, usual.to], DATASET.period);
    assert.deepEqual(left, hash.split("&"));
  }
});

test("a period without known days is all days", () => {
  /** @type {[number, number]} */
  const period = [DATASET.last + 10, DATASET.last + 20];
  const { from, to } = readAddress("", { ...DATASET, period }).question;
  assert.deepEqual([from, to], [DATASET.first, DATASET.last]);
});

test("what is not understood is named and left out", () => {
  assert.deepEqual(unknown("shoe=1&__proto__=2&constructor&toString!=x&a%2Cb=c"), [
    "shoe",
    "__proto__",
    "constructor",
    "toString!",
    "a,b",
  ]);
  const bad = ["metric=money", "top=0", "top=-1", "top=1e3", "order=up", "chart=pie", "sort=team"];
  for (const each of [...bad, "granularity=year", "compare=x", "from=2026-02-30", "to=now"]) {
    assert.deepEqual(readAddress(each, DATASET), { question: USUAL, unknown: [each] });
  }
  assert.deepEqual(unknown("by=shoe,team,job,status"), ["by=shoe", "by=status"]);
  assert.deepEqual(question("by=shoe").by, ["project"]);
});

test("hostile addresses are read quickly", () => {
  const started = process.cpuUsage();
  const filters = Array.from({ length: 2000 }, (_, index) => `project=${index},*${index}`);
  assert.equal(question(filters.join("&")).where[0].patterns.length, 4000);
  assert.equal(question(`top=${"9".repeat(100_000)}`).top, 10_000);
  assert.equal(unknown(`top=${"9".repeat(300_000)}x`).length, 1);
  assert.equal(unknown(`from=${"9".repeat(100_000)}`).length, 1);
  for (const text of [
    "%",
    "%zz",
    "%e0%a4",
    "%C0%AF",
    "%FF".repeat(300_000),
    "\\".repeat(300_000),
  ]) {
    const read = question(`project=${text}&project!=${text}`);
    assert.equal(read.where.length, 2);
    assert.deepEqual(question(writeAddress(read, DATASET)), read);
  }
  question("&=".repeat(300_000));
  question(`project=${",".repeat(300_000)}`);
  // Processor time, in microseconds: others may use the machine, too.
  assert.ok(process.cpuUsage(started).user < 5_000_000);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { decodeDataset } from "../../../scripts/circleci_usage/render/explorer/modules/dataset.js";

const NAMES = ["credits", "unpriced_credits", "list_cost", "cost", "type_runs", "job_runs"];
const DAYS = { first: "2026-10-01", last: "2026-10-03" };

/** Three lines; every measure is 1, 2, -1 but the cost, which has limbs. */
const HEADER = {
  version: 1,
  currency: "USD",
  period: DAYS,
  days: DAYS,
  missing: [{ first: "2026-10-02", last: "2026-10-02" }],
  lines: 3,
  dimensions: [
    { name: "project", label: "Project", plural: "Projects", width: 1, values: ["web", "api"] },
  ],
  measures: [...NAMES, "job_seconds"].map((name) => ({ name, places: 2, width: 1, limbs: 1 })),
  folded: [],
};
const PLANES = [[0, 0, 2], [0, 0, 0], [0, 1, 0], ...HEADER.measures.map(() => [1, 2, 255])];

/**
 * @param {unknown} header
 * @param {number[][]} planes
 */
function encoded(header, planes = PLANES) {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return gzipSync(Buffer.concat([length, text, Buffer.from(planes.flat())])).toString("base64");
}

test("lines are decoded", async () => {
  const dataset = await decodeDataset(encoded(HEADER));
  assert.deepEqual([...dataset.starts], [0, 2, 2, 3]);
  assert.deepEqual(dataset.missing, [[dataset.first + 1, dataset.first + 1]]);
  const project = dataset.dimensions.get("project");
  assert.deepEqual(project?.values, ["web", "api"]);
  assert.deepEqual([...(project?.codes ?? [])], [0, 1, 0]);
  assert.deepEqual(project?.ranks, [1, 0]);
  assert.deepEqual([...(dataset.measures.get("credits")?.limbs[0] ?? [])], [1, 2, -1]);
});

test("a page without lines is decoded", async () => {
  const header = { ...HEADER, lines: 0 };
  const dataset = await decodeDataset(encoded(header, []));
  assert.deepEqual([...dataset.starts], [0, 0, 0, 0]);
});

test("large numbers are limbs of three bytes, the last one signed", async () => {
  const amounts = [2n ** 70n + 5n, -(2n ** 70n), -1n];
  const width = 9;
  const planes = Array.from({ length: width }, (_, byte) =>
    amounts.map((amount) => Number((amount >> BigInt(8 * byte)) & 255n)),
  );
  const measures = HEADER.measures.map((each) =>
    each.name === "cost" ? { ...each, width, limbs: 3 } : each,
  );
  const dataset = await decodeDataset(
    encoded({ ...HEADER, measures }, [...PLANES.slice(0, 6), ...planes, ...PLANES.slice(7)]),
  );
  const { limbs = [], bits = 0 } = dataset.measures.get("cost") ?? {};
  const sums = amounts.map((_, line) =>
    limbs.reduce((sum, limb, index) => sum + (BigInt(limb[line]) << BigInt(bits * index)), 0n),
  );
  assert.deepEqual(sums, amounts);
});

/** @type {[string, Record<string, unknown>, RegExp][]} */
const NONSENSE = [
  ["version", { version: 2 }, /another version/],
  ["lines", { lines: -1 }, /number of lines/],
  ["too many lines", { lines: 4 }, /of no day|not whole|not sorted|unknown/],
  ["too few lines", { lines: 2 }, /after the last column|unknown|of no day/],
  ["days", { days: { first: "2026-10-03", last: "2026-10-01" } }, /range of days/],
  ["no days", { days: null }, /range of days/],
  ["a day too late", { days: { first: "2026-10-01", last: "2026-10-02" } }, /of no day/],
  ["lists", { missing: null }, /no lists/],
  ["a dimension", { dimensions: [{ name: "project" }] }, /not described/],
  ["values", { dimensions: [{ ...HEADER.dimensions[0], values: ["web"] }] }, /unknown project/],
  ["a width", { dimensions: [{ ...HEADER.dimensions[0], width: 3 }] }, /unknown width/],
  ["measures", { measures: HEADER.measures.slice(1) }, /there are no credits|after the last/],
  ["limbs", { measures: [{ ...HEADER.measures[0], limbs: 2 }] }, /unknown form/],
];

for (const [what, changed, message] of NONSENSE) {
  test(`nonsense is refused: ${what}`, async () => {
    const text = encoded({ ...HEADER, ...changed });
    await assert.rejects(decodeDataset(text), { name: "Error", message });
  });
}

test("what is not the data of a page is refused", async () => {
  const unsorted = encoded(HEADER, [[2, 0, 0], ...PLANES.slice(1)]);
  for (const text of ["", "AAAA", "%", gzipSync("hello").toString("base64"), unsorted]) {
    await assert.rejects(decodeDataset(text), /^Error: The data of this page are damaged: /);
  }
  const whole = encoded(HEADER);
  await assert.rejects(decodeDataset(whole.slice(0, whole.length / 2)), /decompressed|base64/);
});

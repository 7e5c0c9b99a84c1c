/**
 * A small dataset for tests: six weeks of three teams, made by hand and by rule, not by chance.
 *
 * @import { Dataset, Dimension, Measure } from "../../../scripts/circleci_usage/render/explorer/modules/types.js"
 *
 * @typedef {object} Line
 * @property {number} day
 * @property {Record<string, string>} names by dimension; those left out are `(none)`
 * @property {Record<string, bigint>} amounts by measure; those left out are zero
 */

import { parseDay } from "../../../scripts/circleci_usage/render/explorer/modules/days.js";

/** Names, labels and plurals of the dimensions, in the order of menus. */
export const DIMENSIONS = [
  ["team", "Team", "Teams"],
  ["organization", "Organization", "Organizations"],
  ["project", "Project", "Projects"],
  ["workflow", "Workflow", "Workflows"],
  ["job", "Job", "Jobs"],
  ["credit_type", "Credit type", "Credit types"],
  ["resource_class", "Resource class", "Resource classes"],
  ["operating_system", "OS", "Operating systems"],
  ["executor", "Executor", "Executors"],
  ["branch", "Branch", "Branches"],
  ["status", "Status", "Statuses"],
  ["trigger", "Trigger", "Triggers"],
];

/** Names and decimal places of the measures. @type {[string, number][]} */
export const MEASURES = [
  ["credits", 3],
  ["unpriced_credits", 3],
  ["list_cost", 7],
  ["cost", 7],
  ["type_runs", 0],
  ["job_runs", 0],
  ["job_seconds", 3],
];

const BITS = 24;
const SAFE = 2n ** 53n;

/** @param {string} text */
export function day(text) {
  const found = parseDay(text);
  if (found === null) throw new Error(`${text} is not a day`);
  return found;
}

/**
 * A dataset of lines, as `decodeDataset` returns it.
 *
 * @param {Line[]} lines
 * @param {Partial<Dataset>} changed
 * @returns {Dataset}
 */
export function datasetOf(lines, changed = {}) {
  const first = changed.first ?? Math.min(...lines.map((line) => line.day));
  const last = changed.last ?? Math.max(...lines.map((line) => line.day));
  const sorted = [...lines].sort((one, other) => one.day - other.day);
  return {
    currency: "USD",
    first,
    last,
    period: [first, last],
    missing: [],
    lines: sorted.length,
    starts: startsOf(sorted, first, last),
    dimensions: new Map(DIMENSIONS.map((each) => [each[0], dimensionOf(each, sorted)])),
    measures: new Map(MEASURES.map(([name, places]) => [name, measureOf(name, places, sorted)])),
    folded: [],
    ...changed,
  };
}

/**
 * @param {Line[]} sorted
 * @param {number} first
 * @param {number} last
 */
function startsOf(sorted, first, last) {
  const starts = new Uint32Array(last - first + 2);
  for (const { day: each } of sorted) starts[each - first + 1] += 1;
  for (let index = 1; index < starts.length; index += 1) starts[index] += starts[index - 1];
  return starts;
}

/**
 * @param {string[]} labels
 * @param {Line[]} lines
 * @returns {Dimension}
 */
function dimensionOf([name, label, plural], lines) {
  const names = lines.map((line) => line.names[name] ?? "(none)");
  const values = [...new Set(names)];
  const costs = values.map((value) =>
    lines.reduce((sum, line, index) => sum + (names[index] === value ? costOf(line) : 0n), 0n),
  );
  const order = values
    .map((_, code) => code)
    .sort((one, other) => (costs[one] < costs[other] ? 1 : -1));
  return {
    name,
    label,
    plural,
    values,
    codes: Uint16Array.from(names, (value) => values.indexOf(value)),
    ranks: values.map((_, code) => order.indexOf(code)),
  };
}

/** @param {Line} line */
function costOf(line) {
  return line.amounts.cost ?? 0n;
}

/**
 * @param {string} name
 * @param {number} places
 * @param {Line[]} lines
 * @returns {Measure}
 */
function measureOf(name, places, lines) {
  const amounts = lines.map((line) => line.amounts[name] ?? 0n);
  const size = amounts.reduce((sum, each) => sum + (each < 0n ? -each : each), 0n);
  return {
    name,
    places,
    bits: BITS,
    limbs: size < SAFE ? [Float64Array.from(amounts, Number)] : limbsOf(amounts),
  };
}

/**
 * Amounts in as many limbs as the largest needs; the last one has the sign.
 *
 * @param {bigint[]} amounts
 */
function limbsOf(amounts) {
  const mask = (1n << BigInt(BITS)) - 1n;
  const limbs = [];
  let rest = amounts;
  while (rest.some((each) => each > mask / 2n || each < -mask / 2n)) {
    limbs.push(Float64Array.from(rest, (each) => Number(each & mask)));
    rest = rest.map((each) => each >> BigInt(BITS));
  }
  return [...limbs, Float64Array.from(rest, Number)];
}

const JOBS = /** @type {const} */ ([
  ["shop", "web-shop", "build-and-test", "build", "medium", "Docker", 120_500n],
  ["shop", "web-shop", "build-and-test", "test", "large", "Docker", 480_250n],
  ["shop", "web-cart", "build-and-test", "test", "large", "Docker", 230_125n],
  ["mobile", "ios-app", "release", "archive", "m4pro.medium", "macOS", 910_750n],
  ["mobile", "android, the app", "release", "test*", "xlarge", "Docker", 350_001n],
  ["platform", "infra", "nightly", "<b>plan</b>", "small", "Docker", 15_003n],
]);
const STATUSES = ["success", "success", "failed", "success", "canceled"];
const TRIGGERS = ["webhook", "webhook", "schedule", "api"];
const PRICE = 6000n; // of a credit, in 10^-7 dollars; so a count of 10^-3 credits times 6 is a cost

/**
 * Six weeks from September 28 to November 8, 2026: the report is of October, its days from the
 * 20th to the 22nd are missing. Every third run has storage too; team platform's has no price.
 *
 * @returns {Dataset}
 */
export function sampleDataset() {
  const first = day("2026-09-28");
  const last = day("2026-11-08");
  /** @type {[number, number]} */
  const missing = [day("2026-10-20"), day("2026-10-22")];
  /** @type {Line[]} */
  const lines = [];
  for (let each = first; each <= last; each += 1) {
    const isKnown = each < missing[0] || each > missing[1];
    if (isKnown) lines.push(...linesOfDay(each, each - first));
  }
  return datasetOf(lines, {
    first,
    last,
    period: [day("2026-10-01"), day("2026-10-31")],
    missing: [missing],
  });
}

/**
 * @param {number} each
 * @param {number} number
 */
function linesOfDay(each, number) {
  const lines = JOBS.flatMap((job, index) => linesOfJob(each, number + index, job));
  const isFirstOfMonth = new Date(each * 86_400_000).getUTCDate() === 1;
  return isFirstOfMonth ? [...lines, seats(each)] : lines;
}

/**
 * @param {number} each
 * @param {number} number
 * @param {(typeof JOBS)[number]} job
 * @returns {Line[]}
 */
function linesOfJob(each, number, [team, project, workflow, job, size, executor, credits]) {
  const names = {
    ...{ team, organization: "acme", project, workflow, job, resource_class: size, executor },
    operating_system: executor === "macOS" ? "macOS" : "Linux",
    branch: number % 2 === 0 ? "main" : "other branches",
    status: STATUSES[number % STATUSES.length],
    trigger: TRIGGERS[number % TRIGGERS.length],
  };
  const runs = BigInt(1 + (number % 3));
  const compute = amountsOf(credits * runs, runs, team !== "platform");
  const seconds = 61_500n * runs;
  const line = {
    day: each,
    names: { ...names, credit_type: "compute" },
    amounts: { ...compute, job_runs: runs, job_seconds: seconds },
  };
  if (number % 3 !== 0) return [line];
  const storage = { ...names, credit_type: "storage" };
  return [line, { day: each, names: storage, amounts: amountsOf(7_003n, runs, true) }];
}

/**
 * @param {bigint} credits
 * @param {bigint} runs
 * @param {boolean} isPriced
 */
function amountsOf(credits, runs, isPriced) {
  const cost = isPriced ? (credits * PRICE) / 1000n : 0n;
  return {
    credits,
    unpriced_credits: isPriced ? 0n : credits,
    list_cost: isPriced ? cost + cost / 4n : 0n,
    cost,
    type_runs: runs,
  };
}

/**
 * @param {number} each
 * @returns {Line}
 */
function seats(each) {
  const names = {
    team: "(shared)",
    organization: "acme",
    project: "User seats",
    job: "User seats",
  };
  const amounts = amountsOf(25_000_000n, 0n, true);
  return { day: each, names: { ...names, credit_type: "User seats" }, amounts };
}

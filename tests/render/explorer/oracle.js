/**
 * Answers by BigInt alone, line by line: slow and plain, to compare the fast ones with.
 *
 * @import { Line } from "./sample.js"
 * @import { Amounts, Dataset, Filter, Question } from "../../../scripts/circleci_usage/render/explorer/modules/types.js"
 *
 * @typedef {{state: number}} Dice a generator of numbers that are the same in every run
 */

import { MEASURES } from "./sample.js";

/**
 * A whole number below a limit.
 *
 * @param {Dice} dice
 * @param {number} limit
 */
export function roll(dice, limit) {
  dice.state = (Math.imul(dice.state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((dice.state / 2 ** 32) * limit);
}

/**
 * @template Item
 * @param {Dice} dice
 * @param {readonly Item[]} items
 */
function oneOf(dice, items) {
  return items[roll(dice, items.length)];
}

/**
 * @param {Dice} dice
 * @param {number} count
 * @param {bigint} largest
 * @returns {Line[]}
 */
export function randomLines(dice, count, largest) {
  return Array.from({ length: count }, () => ({
    day: 20_000 + roll(dice, 40),
    names: {
      team: oneOf(dice, ["a", "b", "c"]),
      project: `p${roll(dice, 9)}`,
      job: `job ${roll(dice, 30)}`,
      credit_type: oneOf(dice, ["compute", "storage", "network"]),
      status: oneOf(dice, ["success", "failed"]),
    },
    amounts: Object.fromEntries(MEASURES.map(([name]) => [name, amount(dice, largest)])),
  }));
}

/**
 * @param {Dice} dice
 * @param {bigint} largest
 */
function amount(dice, largest) {
  const digits = BigInt(roll(dice, 2 ** 30)) * 2n ** 60n + BigInt(roll(dice, 2 ** 30)) * 7n ** 20n;
  return (digits % (2n * largest)) - largest / 2n;
}

/**
 * @param {Dice} dice
 * @param {Dataset} dataset
 */
export function randomAddress(dice, dataset) {
  const by = oneOf(dice, ["", "team", "project", "team,project", "job,credit_type", "status,job"]);
  const filters = ["project=p1,p2,p3", "team!=b", "job=job 1*", "credit_type=compute"].concat([
    "credit_type=compute,storage",
    "status=f*",
    "project!=p?",
    "job!=job 2*,job 3",
  ]);
  const chosen = filters.filter(() => roll(dice, 4) === 0);
  const range = `top=${1 + roll(dice, 9)}&metric=${oneOf(dice, ["cost", "credits", "job_runs"])}`;
  const [from, to] = [roll(dice, 40), roll(dice, 40)].sort((one, other) => one - other);
  const days = [from, to].map((offset) => isoDay(Math.min(dataset.first + offset, dataset.last)));
  return [`by=${by}`, ...chosen, range, `from=${days[0]}`, `to=${days[1]}`].join("&");
}

/** @param {number} day */
function isoDay(day) {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

/**
 * The totals and all groups, of both levels, by their names as JSON.
 *
 * @param {Line[]} lines
 * @param {Question} question
 */
export function askedOracle(lines, { by, where, from, to }) {
  const chosen = lines.filter(
    (line) => from <= line.day && line.day <= to && where.every((each) => holds(each, where, line)),
  );
  const types = new Set(lines.map((line) => line.names.credit_type));
  const left = [...types].filter((credit_type) =>
    where
      .filter((each) => each.dimension === "credit_type")
      .every((each) => holds(each, where, { day: 0, names: { credit_type }, amounts: {} })),
  );
  const kind = left.length === types.size ? "all" : left.length;
  /** @type {Map<string, Line[]>} */
  const groups = new Map();
  for (let depth = 1; depth <= by.length; depth += 1) {
    for (const line of chosen) {
      const key = JSON.stringify(by.slice(0, depth).map((name) => line.names[name]));
      groups.set(key, [...(groups.get(key) ?? []), line]);
    }
  }
  const entries = [...groups].map(([key, members]) => {
    const isByType = by.slice(0, JSON.parse(key).length).includes("credit_type");
    return /** @type {const} */ ([key, sums(members, isByType ? 1 : kind)]);
  });
  return { totals: sums(chosen, kind), groups: new Map(entries.sort()) };
}

/**
 * @param {Filter} filter
 * @param {Filter[]} where
 * @param {Line} line
 */
function holds({ dimension, excludes, patterns }, where, line) {
  assertOneOfAKind(where, dimension, excludes);
  const matched = patterns.some((pattern) => regular(pattern).test(line.names[dimension]));
  return matched !== excludes;
}

/**
 * @param {Filter[]} where
 * @param {string} dimension
 * @param {boolean} excludes
 */
function assertOneOfAKind(where, dimension, excludes) {
  const same = where.filter((each) => each.dimension === dimension && each.excludes === excludes);
  if (same.length !== 1) throw new Error("The oracle knows one filter of a kind.");
}

/** @param {string} glob */
function regular(glob) {
  return new RegExp(`^${glob.replace(/\*/g, ".*").replace(/\?/g, ".")}$`);
}

/**
 * @param {Line[]} lines
 * @param {number | "all"} types how many credit types the lines may have
 * @returns {Amounts}
 */
function sums(lines, types) {
  /** @param {string} name */
  const sum = (name) => lines.reduce((total, line) => total + line.amounts[name], 0n);
  const oneType = types === 1 ? sum("type_runs") : null;
  return {
    credits: sum("credits"),
    unpriced_credits: sum("unpriced_credits"),
    list_cost: sum("list_cost"),
    cost: sum("cost"),
    job_runs: types === "all" ? sum("job_runs") : oneType,
    job_seconds: types === "all" ? sum("job_seconds") : null,
  };
}

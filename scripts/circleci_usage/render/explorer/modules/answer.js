/**
 * A question and the dataset → groups with exact sums, over all days and over time.
 *
 * @import { Counting } from "./selection.js"
 * @import { Groups, Sums } from "./sums.js"
 * @import { Amounts, Answer, Dataset, Question, Row } from "./types.js"
 *
 * @typedef {object} Summed groups and their sums in the range, and in the one compared with
 * @property {Groups} groups
 * @property {Sums} now
 * @property {Sums | null} before
 */

import { bucketsOf, previousRange, yearBefore } from "./days.js";
import { compareNames } from "./names.js";
import { ranked, sorted } from "./order.js";
import { CREDIT_TYPE, countingOf, lookupsOf, selectedLines } from "./selection.js";
import { seriesOf } from "./series.js";
import { amountsOf, groupsOf, isNothing, sumsOf, sumsOfGroups } from "./sums.js";

/**
 * @param {Dataset} dataset
 * @param {Question} question
 * @param {number} seriesCount how many groups have a series of their own
 * @returns {Answer}
 */
export function ask(dataset, question, seriesCount = 6) {
  const lookups = lookupsOf(dataset, question.where);
  const lines = selectedLines(dataset, question.from, question.to, lookups);
  const comparedRange = comparedRangeOf(question);
  const comparedKnown = comparedRange !== null && isKnown(dataset, ...comparedRange);
  const before = comparedKnown ? selectedLines(dataset, ...comparedRange, lookups) : null;
  const leaves = summed(dataset, question.by, lines, before);
  const counting = countingOf(dataset, question.where);
  const totals = totalsOf(leaves, counting);
  const rows = rowsOf(dataset, question, leaves, counting);
  const buckets = bucketsOf(question.from, question.to, question.granularity);
  const largest = ranked(rows, question, dataset).slice(0, seriesCount);
  const series = seriesOf({ dataset, question, lines, buckets, counting }, largest, rows.length);
  return {
    question,
    ...totals,
    comparedRange,
    comparedKnown,
    rows: sorted(rows, question, dataset),
    buckets,
    series,
    lines: lines.length,
  };
}

/**
 * @param {Question} question
 * @returns {[number, number] | null}
 */
function comparedRangeOf({ from, to, compare }) {
  if (compare === "previous") return previousRange(from, to);
  return compare === "year" ? yearBefore(from, to) : null;
}

/**
 * Whether the usage of all days of a range is known.
 *
 * @param {Dataset} dataset
 * @param {number} from
 * @param {number} to
 */
export function isKnown({ first, last, missing }, from, to) {
  return from >= first && to <= last && !missing.some((gap) => gap[0] <= to && from <= gap[1]);
}

/**
 * @param {Dataset} dataset
 * @param {string[]} by
 * @param {Uint32Array} lines
 * @param {Uint32Array | null} before
 * @returns {Summed}
 */
function summed(dataset, by, lines, before) {
  const groups = groupsOf(dataset, by, before ? [lines, before] : [lines]);
  const { numbers, count } = groups;
  return {
    groups,
    now: sumsOf(dataset, lines, numbers[0], count),
    before: before && sumsOf(dataset, before, numbers[1], count),
  };
}

/**
 * @param {Summed} leaves
 * @param {Counting} counting
 */
function totalsOf({ groups, now, before }, counting) {
  const all = new Uint32Array(groups.count);
  return {
    totals: amountsOf(sumsOfGroups(now, all, 1), 0, counting),
    compared: before && amountsOf(sumsOfGroups(before, all, 1), 0, counting),
  };
}

/**
 * The groups as rows, by the first dimension, with those by the second as their children.
 *
 * Children are made when somebody asks for them: most of them are never shown.
 *
 * @param {Dataset} dataset
 * @param {Question} question
 * @param {Summed} leaves
 * @param {Counting} counting
 * @returns {Row[]}
 */
function rowsOf(dataset, question, leaves, counting) {
  const { by } = question;
  if (by.length === 0) return [];
  const values = by.map((name) => dataset.dimensions.get(name)?.values ?? []);
  const ofLeaves = by.includes(CREDIT_TYPE) ? "type" : counting;
  const makeLeaf = rowMaker(leaves, values, ofLeaves);
  if (by.length === 1) return somethings(leaves, ofLeaves).map((leaf) => makeLeaf(leaf, () => []));
  const { members, outer } = outerGroups(leaves, ofLeaves);
  const ofOuter = by[0] === CREDIT_TYPE ? "type" : counting;
  const makeOuter = rowMaker(outer, values, ofOuter);
  /** @param {number} leaf */
  const childless = (leaf) => makeLeaf(leaf, () => []);
  return somethings(outer, ofOuter).map((group) =>
    makeOuter(group, () => sorted(members[group].map(childless), question, dataset)),
  );
}

/**
 * The groups that are not nothing in both ranges.
 *
 * @param {Summed} summedGroups
 * @param {Counting} counting
 */
function somethings({ groups, now, before }, counting) {
  /** @param {Sums | null} sums @param {number} group */
  const isSomething = (sums, group) => sums !== null && !isNothing(sums, group, counting);
  const all = Array.from(groups.codes, (_, group) => group);
  return all.filter((group) => isSomething(now, group) || isSomething(before, group));
}

/**
 * A function that makes the row of a group.
 *
 * @param {Summed} summedGroups
 * @param {string[][]} values of each dimension
 * @param {Counting} counting
 */
function rowMaker({ groups, now, before }, values, counting) {
  /**
   * @param {number} group
   * @param {() => Row[]} childrenOf
   * @returns {Row}
   */
  return (group, childrenOf) => {
    /** @type {Row[] | undefined} */
    let children;
    return {
      names: groups.codes[group].map((code, depth) => values[depth][code]),
      amounts: amountsOf(now, group, counting),
      compared: before && amountsOf(before, group, counting),
      get children() {
        children ??= childrenOf();
        return children;
      },
      others: 0,
    };
  };
}

/**
 * Groups by two dimensions summed up by the first one, with the groups that each has.
 *
 * @param {Summed} leaves
 * @param {Counting} counting of the leaves
 * @returns {{members: number[][], outer: Summed}}
 */
function outerGroups(leaves, counting) {
  const { groups, now, before } = leaves;
  const codes = [...new Set(groups.codes.map(([code]) => code))];
  const places = new Map(codes.map((code, place) => [code, place]));
  const parents = Uint32Array.from(groups.codes, ([code]) => places.get(code) ?? 0);
  const count = codes.length;
  /** @type {number[][]} */
  const members = codes.map(() => []);
  for (const leaf of somethings(leaves, counting)) members[parents[leaf]].push(leaf);
  return {
    members,
    outer: {
      groups: { count, codes: codes.map((code) => [code]), numbers: [] },
      now: sumsOfGroups(now, parents, count),
      before: before && sumsOfGroups(before, parents, count),
    },
  };
}

/**
 * Rows as one: what is left after the first ones. A job run may be in several groups by credit
 * type, so that nothing tells how many such a rest has.
 *
 * @param {Row[]} rows at least one, of the same level
 * @param {Question} question
 * @param {Dataset} dataset
 * @returns {Row}
 */
export function restOf(rows, { by, where }, dataset) {
  const depth = rows[0].names.length;
  const isByType = by.slice(0, depth).includes(CREDIT_TYPE);
  const canBeSummed = !isByType || countingOf(dataset, where) === "type";
  const compared = rows.flatMap((row) => row.compared ?? []);
  return {
    names: rows[0].names.slice(0, depth - 1),
    amounts: summedAmounts(
      rows.map((row) => row.amounts),
      canBeSummed,
    ),
    compared: compared.length < rows.length ? null : summedAmounts(compared, canBeSummed),
    children: [],
    others: rows.length,
  };
}

/**
 * @param {Amounts[]} amounts
 * @param {boolean} canBeSummed whether their job runs can
 * @returns {Amounts}
 */
function summedAmounts(amounts, canBeSummed) {
  /** @param {"credits" | "unpriced_credits" | "list_cost" | "cost"} name */
  const sum = (name) => amounts.reduce((total, each) => total + each[name], 0n);
  /** @param {"job_runs" | "job_seconds"} name */
  const sumOfRuns = (name) => (canBeSummed ? sumIfKnown(amounts.map((each) => each[name])) : null);
  return {
    credits: sum("credits"),
    unpriced_credits: sum("unpriced_credits"),
    list_cost: sum("list_cost"),
    cost: sum("cost"),
    job_runs: sumOfRuns("job_runs"),
    job_seconds: sumOfRuns("job_seconds"),
  };
}

/**
 * @param {(bigint | null)[]} values
 * @returns {bigint | null}
 */
function sumIfKnown(values) {
  const known = values.flatMap((value) => value ?? []);
  return known.length < values.length ? null : known.reduce((sum, value) => sum + value, 0n);
}

/**
 * The values of a dimension in the range that the filters on other dimensions leave, with their
 * costs, the most expensive first.
 *
 * @param {Dataset} dataset
 * @param {Question} question
 * @param {string} dimension
 * @returns {{name: string, cost: bigint}[]}
 */
export function valuesOf(dataset, { from, to, where }, dimension) {
  const others = where.filter((filter) => filter.dimension !== dimension);
  const lines = selectedLines(dataset, from, to, lookupsOf(dataset, others));
  const { groups, now } = summed(dataset, [dimension], lines, null);
  const values = dataset.dimensions.get(dimension)?.values ?? [];
  const found = groups.codes.map(([code], group) => ({
    name: values[code],
    cost: amountsOf(now, group, "none").cost,
  }));
  return found.sort(
    (one, other) => Number(other.cost - one.cost) || compareNames(one.name, other.name),
  );
}

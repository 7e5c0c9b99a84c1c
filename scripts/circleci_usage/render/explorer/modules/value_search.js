/**
 * Which values of a dimension a search lists.
 *
 * @typedef {object} Choice
 * @property {string} pattern
 * @property {bigint | null} cost null where it is not known
 * @property {number | null} matches how many values a pattern matches; null for a name
 *
 * @typedef {object} Choices
 * @property {Choice[]} shown
 * @property {number} found how many values match the search
 * @property {number} all how many there are
 */

import { isLiteral, literal, matcherOf } from "./names.js";

const MOST_SHOWN = 100;

/**
 * The pattern that is typed, what is checked already, and the values that have the text in them or
 * match the pattern, in their own order.
 *
 * @param {{name: string, cost: bigint}[]} values the most expensive first
 * @param {string} search
 * @param {string[]} checked patterns
 * @returns {Choices}
 */
export function choicesOf(values, search, checked) {
  const text = search.trim();
  const isPattern = !isLiteral(text);
  const isFound = isPattern ? matcherOf([text]) : hasText(text);
  const found = values.filter(({ name }) => isFound(name));
  const patterns = checked.filter((pattern) => !isLiteral(pattern) && pattern !== text);
  const first = [...(isPattern ? [text] : []), ...patterns].map((each) => globChoice(each, values));
  const names = text === "" ? checkedFirst(found, checked) : found.map(nameChoice);
  const shown = [...first, ...names].slice(0, MOST_SHOWN);
  return { shown, found: found.length, all: values.length };
}

/** @param {string} text */
function hasText(text) {
  const wanted = text.toLowerCase();
  return (/** @type {string} */ name) => name.toLowerCase().includes(wanted);
}

/** @param {{name: string, cost: bigint}} value */
function nameChoice({ name, cost }) {
  return { pattern: literal(name), cost, matches: null };
}

/**
 * @param {string} pattern
 * @param {{name: string, cost: bigint}[]} values
 */
function globChoice(pattern, values) {
  const isMatch = matcherOf([pattern]);
  const matching = values.filter(({ name }) => isMatch(name));
  const cost = matching.reduce((sum, value) => sum + value.cost, 0n);
  return { pattern, cost, matches: matching.length };
}

/**
 * Checked names first, also those that have no costs in the range.
 *
 * @param {{name: string, cost: bigint}[]} found
 * @param {string[]} checked
 * @returns {Choice[]}
 */
function checkedFirst(found, checked) {
  const names = checked.filter(isLiteral);
  const isChecked = new Set(names);
  const choices = found.map(nameChoice);
  const known = new Map(choices.map((choice) => [choice.pattern, choice]));
  const first = names.map(
    (pattern) => known.get(pattern) ?? { pattern, cost: null, matches: null },
  );
  return [...first, ...choices.filter(({ pattern }) => !isChecked.has(pattern))];
}

/**
 * How much of the list is shown: `100 of 1,475 jobs. Search to find others.`
 *
 * @param {Choices} choices
 * @param {string} plural
 */
export function hintOf({ shown, found, all }, plural) {
  const [foundWords, allWords] = [found, all].map((count) => count.toLocaleString("en-US"));
  if (found === 0) return `No ${plural} match.`;
  if (found > shown.length) return `${shown.length} of ${foundWords} ${plural}. Search for others.`;
  return found === all ? `${allWords} ${plural}` : `${foundWords} of ${allWords} ${plural}`;
}

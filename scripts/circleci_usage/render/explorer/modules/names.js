/**
 * Patterns of names: `*` is any text, `?` one character, a backslash makes the next one plain.
 */

/**
 * A pattern, read: what stands between its stars, each piece as characters. `ANY` is a `?`.
 *
 * @typedef {(string | typeof ANY)[]} Piece
 */

const ANY = Symbol("one character");

/**
 * A function that tells whether one of the patterns matches a whole name.
 *
 * What follows a star is taken at its first match, which is as good as any later one: nothing is
 * tried again, so that `*a*a*a*b` is as fast as any other.
 *
 * @param {string[]} patterns
 * @returns {(name: string) => boolean}
 */
export function matcherOf(patterns) {
  const plain = new Set(patterns.filter(isLiteral).map(plainOf));
  const globs = [...new Set(patterns)].filter((pattern) => !isLiteral(pattern)).map(piecesOf);
  return (name) => {
    if (plain.has(name)) return true;
    if (globs.length === 0) return false;
    const characters = [...name]; // A ? is a character, not half of one.
    return globs.some((pieces) => matches(pieces, characters));
  };
}

/**
 * The pieces of a pattern between its stars: one more than stars.
 *
 * @param {string} pattern
 * @returns {Piece[]}
 */
function piecesOf(pattern) {
  /** @type {Piece[]} */
  const pieces = [[]];
  for (const { character, isSpecial } of charactersOf(pattern)) {
    if (isSpecial && character === "*") pieces.push([]);
    else pieces[pieces.length - 1].push(isSpecial ? ANY : character);
  }
  return pieces;
}

/**
 * The characters of a pattern, without backslashes that make others plain.
 *
 * @param {string} pattern
 */
function* charactersOf(pattern) {
  let isEscaped = false;
  for (const character of pattern) {
    if (character === "\\" && !isEscaped) {
      isEscaped = true;
    } else {
      yield { character, isSpecial: !isEscaped && (character === "*" || character === "?") };
      isEscaped = false;
    }
  }
  if (isEscaped) yield { character: "\\", isSpecial: false };
}

/**
 * @param {Piece[]} pieces
 * @param {string[]} characters
 */
function matches(pieces, characters) {
  const [first, ...others] = pieces;
  const last = others.pop();
  if (!fits(first, characters, 0)) return false;
  if (last === undefined) return first.length === characters.length;
  const end = characters.length - last.length;
  let place = first.length;
  for (const piece of others) {
    const found = firstFit(piece, characters, place, end);
    if (found < 0) return false;
    place = found + piece.length;
  }
  return place <= end && fits(last, characters, end);
}

/**
 * The first place from `place` on at which a piece ends by `end`; -1 if there is none.
 *
 * @param {Piece} piece
 * @param {string[]} characters
 * @param {number} place
 * @param {number} end
 */
function firstFit(piece, characters, place, end) {
  for (let start = place; start + piece.length <= end; start += 1) {
    if (fits(piece, characters, start)) return start;
  }
  return -1;
}

/**
 * @param {Piece} piece
 * @param {string[]} characters
 * @param {number} place
 */
function fits(piece, characters, place) {
  if (place + piece.length > characters.length) return false;
  return piece.every((each, index) => each === ANY || each === characters[place + index]);
}

/**
 * The pattern that matches a name and nothing else: `a,b*` becomes `a\,b\*`.
 *
 * @param {string} name
 */
export function literal(name) {
  return name.replace(/[\\,*?]/g, "\\$&");
}

/**
 * Whether a pattern matches one name only.
 *
 * @param {string} pattern
 */
export function isLiteral(pattern) {
  for (const { isSpecial } of charactersOf(pattern)) if (isSpecial) return false;
  return true;
}

/**
 * The name that a pattern without `*` and `?` matches.
 *
 * @param {string} pattern
 */
export function plainOf(pattern) {
  return [...charactersOf(pattern)].map(({ character }) => character).join("");
}

/**
 * Texts between commas; a comma after a backslash belongs to a text.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function splitAtCommas(text) {
  const texts = [""];
  let isEscaped = false;
  for (const character of text) {
    if (character === "," && !isEscaped) texts.push("");
    else texts[texts.length - 1] += character;
    isEscaped = character === "\\" && !isEscaped;
  }
  return texts.filter((each) => each !== "");
}

/**
 * Order by code points, as Python has it; JavaScript's own is by UTF-16 units.
 *
 * @param {string} one
 * @param {string} other
 */
export function compareNames(one, other) {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index += 1) {
    if (one[index] !== other[index]) {
      return weightAt(one, index) - weightAt(other, index);
    }
  }
  return one.length - other.length;
}

/**
 * A UTF-16 unit such that those of characters beyond 0xFFFF come after all others.
 *
 * @param {string} text
 * @param {number} index
 */
function weightAt(text, index) {
  const unit = text.charCodeAt(index);
  const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
  return isSurrogate ? unit + 0x10000 : unit;
}

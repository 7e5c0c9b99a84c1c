/**
 * Elements of the page, made and found. Names of an export are text only, never markup.
 */

import { html } from "./markup.js";

const SPACES = /[\t\n\r\v\f\u2028\u2029]+/g;
// What moves the cursor, hides, or turns the direction of the text after it: as on index.html.
const INVISIBLE =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e007f}]/gu;

/**
 * A name without characters that act on the text around it; `(blank)` for none.
 *
 * @param {string} name
 */
export function visibleName(name) {
  const shown = name.replace(SPACES, " ").replace(INVISIBLE, "\ufffd");
  return shown.trim() === "" ? "(blank)" : shown;
}

/**
 * A name whose writing direction ends with it.
 *
 * @param {string} name
 */
export function nameElement(name) {
  return html("bdi", {}, visibleName(name));
}

/**
 * A button that is found again after what is around it was replaced: its key is the same.
 *
 * @param {string} key
 * @param {Record<string, string | number | boolean>} attributes
 * @param {() => void} onClick
 * @param {(Node | string)[]} content
 */
export function makeButton(key, attributes, onClick, ...content) {
  const button = html("button", { type: "button", "data-key": key, ...attributes }, ...content);
  button.addEventListener("click", onClick);
  return button;
}

/**
 * The element with an id, which is of a certain kind.
 *
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no #${id}.`);
  return found;
}

/**
 * Replace something without losing the place of the keyboard: what is in the same place has the
 * focus again, or else what `data-near` selects, or a heading.
 *
 * @param {() => void} render
 * @param {HTMLElement} otherwise
 */
export function keepingFocus(render, otherwise) {
  const focused = document.activeElement;
  const place = focused && placeOf(focused);
  const near = focused?.closest("[data-near]")?.getAttribute("data-near");
  render();
  if (!focused || focused === document.body || document.contains(focused)) return;
  const found = [place, near].map((selector) => selector && document.querySelector(selector));
  const next = found.find((element) => element instanceof HTMLElement) ?? otherwise;
  next.focus({ preventScroll: true });
}

/**
 * A selector that finds an element again: by its key, or by what there is once in a chart.
 *
 * @param {Element} element
 */
function placeOf(element) {
  const key = element.getAttribute("data-key");
  if (key) return `[data-key="${CSS.escape(key)}"]`;
  return [".plot", "figure summary"].find((selector) => element.matches(selector));
}

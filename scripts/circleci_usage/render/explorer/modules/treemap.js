/**
 * The treemap: the area of a cell is its amount; cells of the second dimension lie in those of the
 * first. Cells are buttons.
 *
 * @import { Answer, Dataset } from "./types.js"
 * @import { Cell } from "./treemap_view.js"
 * @import { Box } from "./squarify.js"
 *
 * @typedef {object} TreeActions
 * @property {(names: string[]) => void} onPick a cell was chosen: a value of each level
 *
 * @typedef {object} Placed an element and what is laid out in it
 * @property {HTMLElement} element
 * @property {Cell} cell
 * @property {Placed[]} inner
 */

import { chartFigure } from "./chart_figure.js";
import { visibleName } from "./elements.js";
import { html, styled } from "./markup.js";
import { metricLabel, shownValue } from "./metric_values.js";
import { percent } from "./numbers.js";
import { colorVariable } from "./palette.js";
import { squarify } from "./squarify.js";
import { treeView } from "./treemap_view.js";
import { inSentence } from "./words.js";

const FIRST_WIDTH_OF_TREE = 720;
const HEADING = 24;
const INSET = 3;
const BETWEEN = 2;
/** The smallest cell with cells in it. */
const LEAST_PARENT = { width: 110, height: 60 };
const NARROW_TREE = 520;
const LEAST_TARGET = 24;
/** From which heights on a cell has room for its name, its amount, its share. */
const LINE_HEIGHTS = [24, 42, 60];
const LETTER = 8;
const PADDING = 14;
const FEW_LETTERS = 4;

/**
 * A figure that is as wide as its place.
 *
 * @param {Answer} answer
 * @param {Dataset} dataset
 * @param {TreeActions} actions
 */
export function treemap(answer, dataset, { onPick }) {
  const { question } = answer;
  const view = treeView(answer, dataset);
  /** @param {Cell} cell */
  const texts = (cell) => [
    shownValue(cell.value, question.metric, dataset),
    percent(cell.value, view.whole),
  ];
  const placed = view.cells.map((cell) => placedCell(cell, texts, onPick));
  const area = html("ul", { class: "tree" }, ...placed.map(({ element }) => element));
  area.hidden = view.cells.length === 0;
  follow(area, placed);
  const caption = treeCaption(answer, dataset);
  return chartFigure(question, dataset, caption, area, ...treeNotes(view));
}

/**
 * @param {Answer} answer
 * @param {Dataset} dataset
 */
function treeCaption({ question }, dataset) {
  const labels = question.by.map((name) => inSentence(dataset.dimensions.get(name)?.label ?? name));
  const by = labels.length > 0 ? ` by ${labels.join(" and ")}` : "";
  return `${metricLabel(question.metric)}${by}`;
}

/** @param {{reason: string, leftOut: number}} view */
function treeNotes({ reason, leftOut }) {
  const groups = leftOut === 1 ? "1 group has" : `${leftOut} groups have`;
  const note = reason || (leftOut > 0 && `${groups} no area: zero, negative or not known.`);
  return note ? [html("p", { class: "hint" }, note)] : [];
}

/**
 * @param {Cell} cell
 * @param {(cell: Cell) => string[]} texts
 * @param {(names: string[]) => void} onPick
 * @returns {Placed}
 */
function placedCell(cell, texts, onPick) {
  const inner = cell.cells.map((each) => placedCell({ ...each, color: cell.color }, texts, onPick));
  const label = cellLabel(cell, texts(cell), onPick);
  const list = inner.length > 0 ? [html("ul", {}, ...inner.map(({ element }) => element))] : [];
  const kind = inner.length > 0 ? "tree-cell parent" : "tree-cell";
  const element = html("li", { class: kind }, label, ...list);
  styled(element, { "--color": colorVariable(cell.color) });
  return { element, cell, inner };
}

/**
 * @param {Cell} cell
 * @param {string[]} texts amount and share
 * @param {(names: string[]) => void} onPick
 */
function cellLabel({ label, names }, [amount, share], onPick) {
  const content = [html("bdi", {}, label), html("span", {}, amount), html("span", {}, share)];
  const shown = names.length > 0 ? names.map(visibleName) : [label];
  const words = [...shown, amount, share].join(", ");
  if (names.length === 0) return html("div", { class: "tree-label", title: words }, ...content);
  const button = html("button", { type: "button", class: "tree-label" }, ...content);
  button.title = words;
  button.ariaLabel = words;
  button.dataset.key = JSON.stringify(names);
  button.addEventListener("click", () => onPick(names));
  return button;
}

/**
 * Lay out again whenever the width changes.
 *
 * @param {HTMLElement} area
 * @param {Placed[]} placed
 */
function follow(area, placed) {
  let laidOut = 0;
  /** @param {number} width */
  const layOut = (width) => {
    if (width === laidOut) return;
    laidOut = width;
    const height = Math.round(width < NARROW_TREE ? width * 1.2 : Math.min(width * 0.5, 480));
    styled(area, { height: `${height}px` });
    layOutCells(placed, { left: 0, top: 0, width, height }, BETWEEN);
  };
  layOut(FIRST_WIDTH_OF_TREE);
  new ResizeObserver(() => {
    if (area.clientWidth > 0) layOut(area.clientWidth);
  }).observe(area);
}

/**
 * @param {Placed[]} placed
 * @param {Box} box
 * @param {number} gap between cells
 */
function layOutCells(placed, box, gap) {
  const amounts = placed.map(({ cell }) => Number(cell.value));
  const whole = box.left * 2 + box.width;
  squarify(amounts, box).forEach((place, index) => {
    layOutCell(placed[index], place, gap, whole);
  });
}

/**
 * @param {Placed} placed
 * @param {Box} place
 * @param {number} gap
 * @param {number} whole width, of which widths are parts: paper may be narrower than the screen
 */
function layOutCell({ element, inner }, place, gap, whole) {
  const width = Math.max(place.width - gap, 1);
  const height = Math.max(place.height - gap, 1);
  styled(element, {
    left: `${((100 * place.left) / whole).toFixed(3)}%`,
    top: `${place.top.toFixed(1)}px`,
    width: `${((100 * width) / whole).toFixed(3)}%`,
    height: `${height.toFixed(1)}px`,
  });
  const { width: leastWidth, height: leastHeight } = LEAST_PARENT;
  const hasInner = inner.length > 0 && width >= leastWidth && height >= leastHeight;
  element.classList.toggle("flat", !hasInner);
  // Too small to be hit for sure: no stop of the Tab key, since the table of groups has it too.
  const isTarget = width >= LEAST_TARGET && (hasInner || height >= LEAST_TARGET);
  element.querySelector("button")?.setAttribute("tabindex", isTarget ? "0" : "-1");
  showTexts(element, width - PADDING, hasInner ? null : height);
  if (!hasInner) return;
  const free = { width: width - 2 * INSET, height: height - HEADING - INSET };
  layOutCells(inner, { left: INSET, top: HEADING, ...free }, 1);
}

/**
 * Show what there is room for: a name may be shortened, an amount is shown as a whole or not.
 *
 * @param {HTMLElement} element
 * @param {number} width
 * @param {number | null} height null: all in one line
 */
function showTexts(element, width, height) {
  const texts = [...(element.firstElementChild?.children ?? [])];
  let used = 0;
  texts.forEach((text, index) => {
    const letters = text.textContent?.length ?? 0;
    const least = (index === 0 ? Math.min(letters, FEW_LETTERS) : letters) * LETTER;
    const fits =
      used + least <= width && (height ?? Number.POSITIVE_INFINITY) >= LINE_HEIGHTS[index];
    text.toggleAttribute("hidden", !fits);
    if (height === null) used += (letters + 1) * LETTER;
  });
}

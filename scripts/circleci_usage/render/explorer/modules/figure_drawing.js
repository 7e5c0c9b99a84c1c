/**
 * Draws a figure of the page as one SVG element: what is seen, where it is seen, in the same colors.
 */

import { svg } from "./markup.js";

const FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";
const MARGIN = 24;
const TITLE_SIZE = 17;
const SMALL_SIZE = 13;
const TITLE_GAP = 10;
const LINE = 1.4;
const OF_SHAPES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity"].concat([
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "shape-rendering",
]);
const OF_TEXTS = ["fill", "font-size", "font-weight", "font-variant-numeric", "text-anchor"];
const TEXTS = "figcaption, .chart-legend bdi, .tree-label > *, .hint";
const BOXES = ".tree-cell, .swatch";
const NOT_IN_XML = /[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

/**
 * @param {HTMLElement} figure of bars or a treemap, laid out on the page
 * @param {string} title
 */
export function drawnFigure(figure, title) {
  const box = figure.getBoundingClientRect();
  const { color, backgroundColor } = getComputedStyle(document.body);
  const width = Math.ceil(box.width) + 2 * MARGIN;
  const head = titleTexts(title, subtitle(figure, title), box.width, color);
  const body = svg("g", { transform: `translate(${MARGIN} ${MARGIN + head.height})` });
  body.append(...drawnParts(figure, box));
  const height = Math.ceil(MARGIN + head.height + lowest(figure, box) + MARGIN);
  return svg(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "font-family": FONTS },
    svg("title", {}, inXml(title)),
    svg("rect", { width, height, fill: opaque(backgroundColor) }),
    ...head.texts,
    body,
  );
}

/**
 * The range and the filters, unless the title says them.
 *
 * @param {HTMLElement} figure
 * @param {string} title
 */
function subtitle({ dataset: { range = "", filters = "" } }, title) {
  return [range, filters].filter((part) => part && !title.includes(part)).join(" · ");
}

/**
 * Title and subtitle, in as many lines as they need.
 *
 * @param {string} title
 * @param {string} under
 * @param {number} width
 * @param {string} fill
 */
function titleTexts(title, under, width, fill) {
  const large = lineTexts(title, width, MARGIN, { size: TITLE_SIZE, weight: 650, fill });
  const top = MARGIN + large.height;
  const small = lineTexts(under, width, top, { size: SMALL_SIZE, weight: 400, fill });
  const height = large.height + small.height + TITLE_GAP;
  return { texts: [...large.texts, ...small.texts], height };
}

/**
 * A text in lines.
 *
 * @param {string} text
 * @param {number} width
 * @param {number} top
 * @param {{size: number, weight: number, fill: string}} look
 */
function lineTexts(text, width, top, { size, weight, fill }) {
  const lines = text ? wrapped(inXml(text), width, `${weight} ${size}px ${FONTS}`) : [];
  const look = { "font-size": size, "font-weight": weight, fill };
  const texts = lines.map((line, index) => {
    const y = top + size * (0.8 + index * LINE);
    return svg("text", { x: MARGIN, y: y.toFixed(1), ...look }, line);
  });
  return { texts, height: lines.length * size * LINE };
}

/**
 * @param {HTMLElement} figure
 * @param {DOMRect} box
 * @returns {Element[]}
 */
function drawnParts(figure, box) {
  const boxes = seen(figure, BOXES).map((part) => drawnBox(part, box));
  const lines = seen(figure, ".dashed").map((part) => drawnDash(part, box));
  const plots = seen(figure, ".bar-plot").map((part) => drawnPlot(part, box));
  const texts = seen(figure, TEXTS).flatMap((part) => drawnText(part, box));
  return [...plots, ...boxes, ...lines, ...texts];
}

/**
 * The parts that are seen, without the box at the pointer.
 *
 * @param {HTMLElement} figure
 * @param {string} selector
 */
function seen(figure, selector) {
  const parts = [...figure.querySelectorAll(selector)];
  return parts.filter((part) => isSeen(part) && !part.closest(".chart-tip"));
}

/**
 * Not what is hidden, or only for those who hear the page: that is a pixel wide.
 *
 * @param {Element} part
 */
function isSeen(part) {
  return part.getBoundingClientRect().width > 1;
}

/**
 * How far down the parts reach.
 *
 * @param {HTMLElement} figure
 * @param {DOMRect} box
 */
function lowest(figure, box) {
  const parts = seen(figure, `${TEXTS}, ${BOXES}, .bar-plot`);
  const ends = parts.map((part) => part.getBoundingClientRect().bottom - box.top);
  return Math.max(0, ...ends);
}

/**
 * @param {Element} part
 * @param {DOMRect} box
 */
function drawnBox(part, box) {
  const { left, top, width, height } = part.getBoundingClientRect();
  const { backgroundColor, borderTopLeftRadius } = getComputedStyle(part);
  const place = { x: left - box.left, y: top - box.top, width, height };
  return svg("rect", {
    ...place,
    rx: Number.parseFloat(borderTopLeftRadius),
    fill: opaque(backgroundColor),
  });
}

/**
 * @param {Element} part
 * @param {DOMRect} box
 */
function drawnDash(part, box) {
  const { left, top, width } = part.getBoundingClientRect();
  const d = `M${left - box.left} ${top - box.top}h${width}`;
  const stroke = opaque(getComputedStyle(part).borderTopColor);
  return svg("path", { d, stroke, "stroke-width": 1.2, "stroke-dasharray": "4 2" });
}

/**
 * An SVG of the page with what style sheets say of it.
 *
 * @param {Element} part
 * @param {DOMRect} box
 */
function drawnPlot(part, box) {
  const { left, top } = part.getBoundingClientRect();
  const copy = svg("g", { transform: `translate(${left - box.left} ${top - box.top})` });
  copy.append(...[...part.children].map((child) => child.cloneNode(true)));
  const originals = part.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((element, index) => {
    copyStyle(originals[index], element);
  });
  for (const selection of copy.querySelectorAll(".selection")) selection.remove();
  for (const element of copy.querySelectorAll("[class]")) element.removeAttribute("class");
  return copy;
}

/**
 * @param {Element} original
 * @param {Element} copy
 */
function copyStyle(original, copy) {
  copy.removeAttribute("style");
  if (["defs", "pattern", "g"].includes(original.localName)) return;
  const style = getComputedStyle(original);
  const names = original.localName === "text" ? OF_TEXTS : OF_SHAPES;
  // A hatch is referred to by its name, which differs as a computed value.
  const isNamed = (copy.getAttribute("fill") ?? "").startsWith("url(");
  for (const name of names) {
    const isKept = isNamed && name === "fill";
    if (!isKept) copy.setAttribute(name, opaque(style.getPropertyValue(name)));
  }
}

/**
 * A text of the page, shortened or in several lines as it is there.
 *
 * @param {Element} part
 * @param {DOMRect} box
 */
function drawnText(part, box) {
  const { left, top, width, height } = part.getBoundingClientRect();
  const style = getComputedStyle(part);
  const size = Number.parseFloat(style.fontSize);
  const font = `${style.fontWeight} ${size}px ${FONTS}`;
  const text = inXml(part.textContent ?? "");
  const isShort = style.whiteSpace === "nowrap";
  const lines = isShort ? [shortened(text, width, font)] : wrapped(text, width, font);
  const distance = height / Math.max(lines.length, 1);
  const shape = { fill: opaque(style.color), "font-size": size, "font-weight": style.fontWeight };
  return lines.map((line, index) => {
    const y = top - box.top + distance * (index + 0.5) + size * 0.35;
    return svg("text", { x: left - box.left, y: y.toFixed(1), ...shape }, line);
  });
}

/**
 * @param {string} text
 * @param {string} font
 */
function textWidth(text, font) {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return text.length * 7;
  context.font = font;
  return context.measureText(text).width;
}

/**
 * With an ellipsis where it is too long.
 *
 * @param {string} text
 * @param {number} width
 * @param {string} font
 */
function shortened(text, width, font) {
  if (textWidth(text, font) <= width + 1) return text;
  const letters = [...text];
  while (letters.length > 1 && textWidth(`${letters.join("")}…`, font) > width) letters.pop();
  return `${letters.join("")}…`;
}

/**
 * In lines, cut between words, or in a word that is too long for a line.
 *
 * @param {string} text
 * @param {number} width
 * @param {string} font
 */
function wrapped(text, width, font) {
  /** @type {string[]} */
  const lines = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (line && textWidth(longer, font) > width) {
      lines.push(shortened(line, width, font));
      line = word;
    } else line = longer;
  }
  return [...lines, shortened(line, width, font)];
}

/**
 * A color as any program reads it: `color(srgb …)`, which browsers compute of mixtures, as `rgb(…)`.
 *
 * @param {string} value
 */
function opaque(value) {
  const mixed = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)/.exec(value);
  if (!mixed) return value;
  const parts = mixed.slice(1).map((part) => Math.round(Number(part) * 255));
  return `rgb(${parts.join(", ")})`;
}

/**
 * A text without what XML cannot hold.
 *
 * @param {string} text
 */
function inXml(text) {
  return text.replace(NOT_IN_XML, "\ufffd");
}

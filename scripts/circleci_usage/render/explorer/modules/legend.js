/**
 * The names of colors; those that are names of a dimension are buttons.
 *
 * @typedef {object} LegendItem
 * @property {string} name
 * @property {string | null} color a color of style sheets; null: the dashed line
 * @property {(() => void) | null} pick what a click does
 */

import { html, styled } from "./markup.js";

/** @param {LegendItem[]} items */
export function legend(items) {
  return html("ul", { class: "chart-legend" }, ...items.map(legendItem));
}

/** @param {LegendItem} item */
function legendItem({ name, color, pick }) {
  const swatch = html("i", { class: color === null ? "dashed" : "swatch" });
  if (color !== null) styled(swatch, { "--color": color });
  const label = html("bdi", {}, name);
  if (!pick) return html("li", {}, html("span", { title: name }, swatch, label));
  const button = html(
    "button",
    { type: "button", title: name, "data-key": `legend ${name}` },
    swatch,
    label,
  );
  button.addEventListener("click", pick);
  return html("li", {}, button);
}

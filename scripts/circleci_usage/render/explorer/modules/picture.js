/**
 * A figure as a picture: an SVG that needs nothing else, and a PNG.
 *
 * Colors, sizes and places are those that are seen, whatever the scheme.
 */

import { drawnFigure } from "./figure_drawing.js";

/**
 * @param {HTMLElement} figure of bars or a treemap, on the page
 * @param {string} title
 */
export function svgFile(figure, title) {
  const root = drawnFigure(figure, title);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(root)}\n`;
}

/**
 * @param {HTMLElement} figure
 * @param {string} title
 * @param {number} scale pixels of the picture for one of the page
 * @returns {Promise<Blob>}
 */
export async function pngFile(figure, title, scale = 2) {
  const root = drawnFigure(figure, title);
  const text = new XMLSerializer().serializeToString(root);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(Number(root.getAttribute("width")) * scale);
  canvas.height = Math.round(Number(root.getAttribute("height")) * scale);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return await new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error("The browser made no picture."));
    }, "image/png");
  });
}

/**
 * Hand a file to whoever reads the page.
 *
 * @param {string} name
 * @param {Blob} blob
 */
export function saveFile(name, blob) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser may read it only after this turn.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * Copy link, and save what is shown as a file.
 *
 * @import { Answer, Dataset } from "./types.js"
 */

import { copyText, linkTo } from "./address.js";
import { csvOf } from "./csv.js";
import { formatDay } from "./days.js";
import { byId } from "./elements.js";
import { pngFile, saveFile, svgFile } from "./picture.js";
import { writeAddress } from "./question.js";
import { rangeInWords, titleOf } from "./words.js";

const PNG_SCALE = 2;

/**
 * @param {Dataset} dataset
 * @param {() => Answer} answerNow
 */
export function startActions(dataset, answerNow) {
  /** @type {[string, (answer: Answer) => string | Promise<string>][]} */
  const actions = [
    ["copy-link", ({ question }) => copyLink(linkTo(writeAddress(question, dataset, true)))],
    ["save-csv", (answer) => save(answer, "csv", csvFile(csvOf(answer, dataset)))],
    [
      "save-svg",
      (answer) => save(answer, "svg", svgBlob(svgFile(figureNow(), pictureTitle(answer, dataset)))),
    ],
    [
      "save-png",
      async (answer) =>
        save(answer, "png", await pngFile(figureNow(), pictureTitle(answer, dataset), PNG_SCALE)),
    ],
  ];
  for (const [id, act] of actions) {
    byId(id, HTMLButtonElement).addEventListener("click", () => run(act, answerNow()));
  }
}

/** Forget what the last action said. */
export function clearActions() {
  byId("done", HTMLElement).textContent = "";
  byId("link-to-copy", HTMLElement).hidden = true;
}

/**
 * @param {(answer: Answer) => string | Promise<string>} act says what it did
 * @param {Answer} answer
 */
async function run(act, answer) {
  clearActions();
  try {
    byId("done", HTMLElement).textContent = await act(answer);
  } catch (error) {
    byId("done", HTMLElement).textContent = `That did not work: ${error}`;
  }
}

/**
 * Where there is no clipboard the link is shown, selected, for a person to copy.
 *
 * @param {string} link
 */
async function copyLink(link) {
  if (await copyText(link)) return "Link copied.";
  const field = byId("link", HTMLInputElement);
  byId("link-to-copy", HTMLElement).hidden = false;
  field.value = link;
  field.focus();
  field.select();
  return "This browser does not allow copying: copy the selected link.";
}

/**
 * @param {Answer} answer
 * @param {string} ending
 * @param {Blob} content
 */
function save({ question }, ending, content) {
  const days = `${formatDay(question.from)}-to-${formatDay(question.to)}`;
  const by = question.by.length > 0 ? `-by-${question.by.join("-and-")}` : "";
  const name = `${question.metric}${by}-${days}.${ending}`.replaceAll("_", "-");
  saveFile(name, content);
  return `Saved ${name}.`;
}

/** @param {string} text */
function csvFile(text) {
  return new Blob([text], { type: "text/csv;charset=utf-8" });
}

/** @param {string} text */
function svgBlob(text) {
  return new Blob([text], { type: "image/svg+xml" });
}

/** The chart that is shown. */
function figureNow() {
  const figure = byId("figure", HTMLElement).firstElementChild;
  if (!(figure instanceof HTMLElement)) throw new Error("there is no chart");
  return figure;
}

/**
 * @param {Answer} answer
 * @param {Dataset} dataset
 */
function pictureTitle(answer, dataset) {
  return `${titleOf(answer, dataset)}, ${rangeInWords(answer)}`;
}

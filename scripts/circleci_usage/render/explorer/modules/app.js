/**
 * Starts the page: an address becomes a question, its answer is shown; what a person changes
 * becomes the next address.
 *
 * @import { Dataset, Question } from "./types.js"
 */

import { clearActions, startActions } from "./actions.js";
import { addressNow, goTo, onAddress } from "./address.js";
import { ask } from "./answer.js";
import { stackedBars } from "./bars.js";
import { withRange } from "./changes.js";
import { startControls } from "./controls.js";
import { decodeDataset } from "./dataset.js";
import { drillDown } from "./drill.js";
import { byId, keepingFocus } from "./elements.js";
import { FilterDialog } from "./filter_dialog.js";
import { filterChips, pathOf } from "./filters.js";
import { noticesOf } from "./notices.js";
import { shownMetric } from "./numbers.js";
import { readAddress, writeAddress } from "./question.js";
import { watchScrolling } from "./scrolling.js";
import { GroupTable } from "./table.js";
import { totalElements } from "./totals.js";
import { treemap } from "./treemap.js";
import { countOfGroups, dimensionNamed, rangeInWords, titleOf } from "./words.js";

class Explorer {
  /** @param {Dataset} dataset */
  constructor(dataset) {
    this.dataset = dataset;
    /** @type {string | null} the address that is shown */
    this.shown = null;
    this.answer = ask(dataset, readAddress(addressNow(), dataset).question);
    const change = this.change.bind(this);
    const questionNow = () => this.answer.question;
    this.showControls = startControls(dataset, questionNow, change);
    this.dialog = new FilterDialog(dataset, questionNow, change);
    this.table = new GroupTable(byId("groups", HTMLTableElement), dataset, this.answer, change);
    startActions(dataset, () => this.answer);
    this.#startFilterButtons();
  }

  #startFilterButtons() {
    byId("add-filter", HTMLButtonElement).addEventListener("click", () => this.dialog.openNew());
    byId("clear-filters", HTMLButtonElement).addEventListener("click", () => {
      byId("add-filter", HTMLButtonElement).focus();
      this.change({ where: [] });
    });
  }

  /**
   * Show the question with some changes, and make that the address.
   *
   * @param {Partial<Question>} changes
   */
  change(changes) {
    goTo(writeAddress({ ...this.answer.question, ...changes }, this.dataset));
    this.showAddress();
  }

  /** Show what the address asks, unless that is shown already. */
  showAddress() {
    const address = addressNow();
    if (address === this.shown) return;
    const isFirst = this.shown === null;
    this.shown = address;
    const { question, unknown } = readAddress(address, this.dataset);
    this.answer = ask(this.dataset, question);
    keepingFocus(() => this.#render(unknown), byId("groups-title", HTMLElement));
    if (!isFirst) byId("status", HTMLElement).textContent = this.#inWords();
    document.body.dataset.shown = address;
  }

  /** @param {string[]} unknown parts of the address */
  #render(unknown) {
    const { answer, dataset } = this;
    const change = this.change.bind(this);
    clearActions();
    this.showControls(answer.question);
    this.#renderFilters(answer.question);
    fillOrHide("notices", noticesOf(answer, dataset, unknown, change));
    byId("totals", HTMLElement).replaceChildren(...totalElements(answer, dataset));
    byId("groups-title", HTMLElement).textContent = titleOf(answer, dataset);
    byId("asked", HTMLElement).textContent = rangeInWords(answer);
    document.title = `${titleOf(answer, dataset)} · CircleCI usage`;
    this.#renderChart();
    this.table.show(answer);
  }

  /** @param {Question} question */
  #renderFilters(question) {
    const change = this.change.bind(this);
    const chips = filterChips(question, this.dataset, change, (filter) =>
      this.dialog.openWith(filter),
    );
    byId("filters", HTMLElement).replaceChildren(...chips);
    byId("clear-filters", HTMLElement).hidden = chips.length === 0;
    fillOrHide("path", pathOf(question, this.dataset, change));
  }

  /** Replace the chart; its table stays open. */
  #renderChart() {
    const place = byId("figure", HTMLElement);
    const isOpen = place.querySelector("details")?.open ?? false;
    place.replaceChildren(this.#chart());
    const details = place.querySelector("details");
    if (details) details.open = isOpen;
  }

  #chart() {
    const { answer, dataset } = this;
    const { question } = answer;
    const onPick = (/** @type {string[]} */ names) => this.change(drillDown(question, names));
    if (question.chart === "treemap" && question.by.length > 0) {
      return treemap(answer, dataset, { onPick });
    }
    return stackedBars(answer, dataset, {
      onBrush: (from, to) => this.change(withRange(question, from, to)),
      onPick: (name) => onPick([name]),
    });
  }

  /** For screen readers: `Cost by project: $1,234.50, 12 projects` */
  #inWords() {
    const { question, totals, rows } = this.answer;
    const total = shownMetric(totals, question.metric, this.dataset);
    const [first] = question.by;
    const groups = first
      ? `, ${countOfGroups(rows.length, dimensionNamed(this.dataset, first))}`
      : "";
    return `${titleOf(this.answer, this.dataset)}: ${total}${groups}`;
  }
}

/**
 * @param {string} id
 * @param {HTMLElement[]} content
 */
function fillOrHide(id, content) {
  const place = byId(id, HTMLElement);
  place.replaceChildren(...content);
  place.hidden = content.length === 0;
}

async function start() {
  const dataset = await decodeDataset((byId("data", HTMLElement).textContent ?? "").trim());
  const explorer = new Explorer(dataset);
  onAddress(() => explorer.showAddress());
  document.body.dataset.state = "ready";
  explorer.showAddress();
  watchScrolling();
}

/**
 * Say why nothing can be shown: an old browser, or a damaged file.
 *
 * @param {unknown} error
 */
function fail(error) {
  const isOld = typeof DecompressionStream === "undefined";
  const advice = isOld
    ? "This browser is too old to unpack the costs in this page. Open it in a current browser."
    : "The costs in this page cannot be read. Create the report again.";
  const place = byId("failure", HTMLElement);
  place.textContent = `${advice} (${error})`;
  place.hidden = false;
  document.body.dataset.state = "failed";
}

start().catch(fail);

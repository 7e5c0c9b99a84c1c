/**
 * The dialog in which a filter is made: a dimension, include or exclude, values from a list that
 * can be searched, or a pattern that is typed.
 *
 * @import { Dataset, Filter, Question } from "./types.js"
 * @import { Ask } from "./controls.js"
 *
 * @typedef {{name: string, cost: bigint}} Value
 */

import { valuesOf } from "./answer.js";
import { isSameKind, withFilter } from "./changes.js";
import { byId, nameElement } from "./elements.js";
import { html } from "./markup.js";
import { money } from "./numbers.js";
import { choicesOf, hintOf } from "./value_search.js";
import { dimensionNamed, patternInWords } from "./words.js";

export class FilterDialog {
  /**
   * @param {Dataset} dataset
   * @param {() => Question} questionNow
   * @param {Ask} ask
   */
  constructor(dataset, questionNow, ask) {
    this.dataset = dataset;
    this.questionNow = questionNow;
    this.ask = ask;
    this.dialog = byId("filter-dialog", HTMLDialogElement);
    this.dimension = byId("filter-dimension", HTMLSelectElement);
    this.excludes = byId("filter-exclude", HTMLInputElement);
    this.search = byId("filter-search", HTMLInputElement);
    this.list = byId("filter-values", HTMLUListElement);
    this.hint = byId("filter-hint", HTMLElement);
    /** @type {Filter | null} */
    this.edited = null;
    /** @type {Set<string>} */
    this.patterns = new Set();
    /** @type {Set<string>} those of them that the question has already */
    this.applied = new Set();
    /** @type {Value[]} */
    this.values = [];
    this.#listen();
  }

  #listen() {
    const options = [...this.dataset.dimensions.values()];
    this.dimension.replaceChildren(
      ...options.map(({ name, label }) => html("option", { value: name }, label)),
    );
    this.dimension.addEventListener("change", () => this.#showDimension(this.dimension.value));
    byId("filter-kind", HTMLFieldSetElement).addEventListener("change", () => this.#changeKind());
    this.search.addEventListener("input", () => this.#showValues());
    this.search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#takeFirst();
    });
    byId("filter-apply", HTMLButtonElement).addEventListener("click", () => this.#apply());
    byId("filter-cancel", HTMLButtonElement).addEventListener("click", () => this.dialog.close());
  }

  /** Open for a filter that is new. */
  openNew() {
    this.edited = null;
    this.excludes.checked = false;
    byId("filter-include", HTMLInputElement).checked = true;
    const [first = "project"] = this.questionNow().by;
    this.#open(first);
  }

  /**
   * Open with a filter, to change it.
   *
   * @param {Filter} filter
   */
  openWith(filter) {
    this.edited = filter;
    const id = filter.excludes ? "filter-exclude" : "filter-include";
    byId(id, HTMLInputElement).checked = true;
    this.#open(filter.dimension);
  }

  /** @param {string} dimension */
  #open(dimension) {
    this.dimension.value = dimension;
    this.#showDimension(dimension);
    this.dialog.showModal();
    this.search.focus();
  }

  /** @param {string} dimension */
  #showDimension(dimension) {
    this.applied = this.#patternsNow();
    this.patterns = new Set(this.applied);
    this.values = valuesOf(this.dataset, this.questionNow(), dimension);
    this.search.value = "";
    this.#showValues();
  }

  /** The patterns that the question has of the dimension and the kind. */
  #patternsNow() {
    const kind = { dimension: this.dimension.value, excludes: this.excludes.checked, patterns: [] };
    return new Set(this.questionNow().where.find((each) => isSameKind(each, kind))?.patterns);
  }

  /** Include or exclude: for a new filter, what the other kind has stays with that one. */
  #changeKind() {
    if (this.edited) return;
    const chosen = [...this.patterns].filter((pattern) => !this.applied.has(pattern));
    this.applied = this.#patternsNow();
    this.patterns = new Set([...this.applied, ...chosen]);
    this.#showValues();
  }

  #showValues() {
    const choices = choicesOf(this.values, this.search.value, [...this.patterns]);
    this.list.replaceChildren(...choices.shown.map((choice) => this.#choice(choice)));
    const { plural } = dimensionNamed(this.dataset, this.dimension.value);
    this.hint.textContent = hintOf(choices, plural.toLowerCase());
  }

  /** @param {import("./value_search.js").Choice} choice */
  #choice({ pattern, cost, matches }) {
    const box = html("input", { type: "checkbox", value: pattern });
    box.checked = this.patterns.has(pattern);
    box.addEventListener("change", () => this.#check(pattern, box.checked));
    const note = matches === null ? [] : [html("span", { class: "hint" }, ` matches ${matches}`)];
    const places = this.dataset.measures.get("cost")?.places ?? 0;
    const amount = cost === null ? "" : money(cost, places, this.dataset.currency);
    const name = html("span", { class: "name" }, nameElement(patternInWords(pattern)), ...note);
    return html("li", {}, html("label", {}, box, name, html("span", { class: "n" }, amount)));
  }

  /**
   * @param {string} pattern
   * @param {boolean} isChecked
   */
  #check(pattern, isChecked) {
    if (isChecked) this.patterns.add(pattern);
    else this.patterns.delete(pattern);
  }

  /** What Enter does: with a search, check its first match; without one, apply. */
  #takeFirst() {
    const box = this.list.querySelector("input");
    if (this.search.value.trim() === "") this.#apply();
    if (this.search.value.trim() === "" || !box) return;
    this.patterns.add(box.value);
    this.search.value = "";
    this.#showValues();
  }

  #apply() {
    const { edited } = this;
    const { where } = this.questionNow();
    const filter = {
      dimension: this.dimension.value,
      excludes: this.excludes.checked,
      patterns: [...this.patterns],
    };
    const isMoved = edited !== null && !isSameKind(edited, filter);
    const kept = isMoved ? where.filter((each) => !isSameKind(each, edited)) : where;
    this.dialog.close();
    this.ask({ where: withFilter(kept, filter) });
  }
}

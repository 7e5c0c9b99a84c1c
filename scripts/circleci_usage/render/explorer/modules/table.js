/**
 * The table of groups: at most as many as the question lists, their own groups below them, the rest and
 * the total.
 *
 * @import { Answer, Dataset, Row } from "./types.js"
 * @import { Ask } from "./controls.js"
 * @import { Column } from "./columns.js"
 */

import { restOf } from "./answer.js";
import { withSort } from "./changes.js";
import { columnsOf } from "./columns.js";
import { drillDown } from "./drill.js";
import { makeButton, nameElement } from "./elements.js";
import { html, styled } from "./markup.js";
import { colorVariable } from "./palette.js";
import { countOfGroups, dimensionNamed, TOPS, titleOf } from "./words.js";

const REST_COLOR = 0;
const MOST_GROUPS = 1000;
/** More rows than these make the page slow: the groups of further ones are closed at first. */
const MOST_OPEN_ROWS = 400;

export class GroupTable {
  /**
   * @param {HTMLTableElement} table
   * @param {Dataset} dataset
   * @param {Answer} answer
   * @param {Ask} ask
   */
  constructor(table, dataset, answer, ask) {
    this.table = table;
    this.dataset = dataset;
    this.answer = answer;
    this.ask = ask;
    /** @type {Map<string, boolean>} whether a person opened or closed a group */
    this.toggled = new Map();
  }

  /** @param {Answer} answer */
  show(answer) {
    this.toggled.clear();
    this.answer = answer;
    this.#render();
  }

  #render() {
    const { answer } = this;
    const columns = columnsOf(answer, this.dataset);
    const body = html("tbody", {}, ...this.#bodyRows(answer, columns));
    const total = this.#row("Total", answer.totals, answer.compared, columns, { class: "total" });
    const caption = html("caption", {}, titleOf(answer, this.dataset));
    const foot = html("tfoot", {}, total);
    this.table.replaceChildren(caption, this.#head(answer, columns), body, foot);
  }

  /**
   * @param {Answer} answer
   * @param {Column[]} columns
   */
  #head({ question }, columns) {
    const names = question.by.map((name) =>
      this.#sortButton(name, dimensionNamed(this.dataset, name).label),
    );
    const first = html("th", { scope: "col", ...this.#sorted(question.by) });
    const separated = names.flatMap((button, index) => (index > 0 ? [" / ", button] : [button]));
    first.append(...(names.length > 0 ? separated : ["All"]));
    const others = columns.map(({ name, label, isSortable }) => {
      const content = isSortable ? this.#sortButton(name, label) : label;
      return html("th", { scope: "col", class: "n", ...this.#sorted([name]) }, content);
    });
    return html("thead", {}, html("tr", {}, first, ...others));
  }

  /**
   * @param {string} column
   * @param {string} label
   */
  #sortButton(column, label) {
    const sort = () => this.ask(withSort(this.answer.question, column));
    return makeButton(`sort:${column}`, {}, sort, label);
  }

  /**
   * The direction, of the column by which rows are sorted.
   *
   * @param {string[]} names
   * @returns {Record<string, string>}
   */
  #sorted(names) {
    const { question } = this.answer;
    if (!names.includes(question.sort || question.metric)) return {};
    return { "aria-sort": question.ascending ? "ascending" : "descending" };
  }

  /**
   * @param {Answer} answer
   * @param {Column[]} columns
   */
  *#bodyRows({ question, rows, series }, columns) {
    const count = Math.min(question.top, MOST_GROUPS);
    const colors = new Map(
      series.filter(({ isRest }) => !isRest).map((each) => [each.name, each.color]),
    );
    let room = MOST_OPEN_ROWS;
    for (const row of rows.slice(0, count)) {
      const isOpen = this.#isOpen(row, room);
      yield this.#groupRow(row, columns, isOpen, colors.get(row.names[0]));
      if (!isOpen) continue;
      yield* this.#childRows(row, columns, count);
      room -= Math.min(row.children.length, count);
    }
    if (rows.length > count) yield this.#restRow(rows.slice(count), columns, "rest");
  }

  #hasChildren() {
    return this.answer.question.by.length > 1;
  }

  /**
   * @param {Row} row
   * @param {number} room
   */
  #isOpen(row, room) {
    return this.#hasChildren() && (this.toggled.get(row.names[0]) ?? room > 0);
  }

  /**
   * @param {Row} row
   * @param {Column[]} columns
   * @param {number} count
   */
  *#childRows(row, columns, count) {
    for (const child of row.children.slice(0, count)) {
      const attributes = { class: "child", "data-names": JSON.stringify(child.names) };
      const name = this.#nameButton(child.names);
      yield this.#row(name, child.amounts, child.compared, columns, attributes);
    }
    if (row.children.length > count) {
      yield this.#restRow(row.children.slice(count), columns, "child child-rest");
    }
  }

  /**
   * @param {Row} row
   * @param {Column[]} columns
   * @param {boolean} isOpen
   * @param {number | undefined} color
   */
  #groupRow(row, columns, isOpen, color) {
    /** @type {HTMLElement[]} */
    const content = [this.#nameButton(row.names)];
    content.unshift(swatch(color));
    if (this.#hasChildren()) content.unshift(this.#toggle(row.names[0], isOpen));
    const kind = this.#hasChildren() ? "subtotal" : "group";
    const attributes = { class: kind, "data-names": JSON.stringify(row.names) };
    return this.#row(content, row.amounts, row.compared, columns, attributes);
  }

  /**
   * @param {string} name
   * @param {boolean} isOpen
   */
  #toggle(name, isOpen) {
    const label = `${isOpen ? "Hide" : "Show"} the groups of ${name}`;
    const attributes = { class: "toggle", "aria-expanded": String(isOpen), "aria-label": label };
    return makeButton(`toggle:${name}`, attributes, () => this.#toggleGroup(name, !isOpen));
  }

  /**
   * @param {string} name
   * @param {boolean} isOpen
   */
  #toggleGroup(name, isOpen) {
    this.toggled.set(name, isOpen);
    this.#render();
    const again = this.table.querySelector(`[data-key="${CSS.escape(`toggle:${name}`)}"]`);
    if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  }

  /** @param {string[]} names */
  #nameButton(names) {
    const { question } = this.answer;
    const drill = () => this.ask(drillDown(question, names));
    const key = `name:${question.by.join()}:${JSON.stringify(names)}`;
    const title = "Show only this group";
    return makeButton(key, { class: "name", title }, drill, nameElement(names[names.length - 1]));
  }

  /**
   * What is not listed; a click lists more.
   *
   * @param {Row[]} rows
   * @param {Column[]} columns
   * @param {string} kind
   */
  #restRow(rows, columns, kind) {
    const { question } = this.answer;
    const { amounts, compared } = restOf(rows, question, this.dataset);
    const dimension = dimensionNamed(this.dataset, question.by[rows[0].names.length - 1]);
    const text = countOfGroups(rows.length, dimension, "more ");
    const next = TOPS.find((count) => count > question.top);
    const attributes = { class: "name", title: "List more groups" };
    const name = next
      ? makeButton(`${kind}:${rows[0].names[0]}`, attributes, () => this.ask({ top: next }), text)
      : text;
    const content = kind === "rest" ? [swatch(REST_COLOR), name] : name;
    return this.#row(content, amounts, compared, columns, { class: kind });
  }

  /**
   * @param {(Node | string) | (Node | string)[]} name
   * @param {import("./types.js").Amounts} amounts
   * @param {import("./types.js").Amounts | null} compared
   * @param {Column[]} columns
   * @param {Record<string, string>} attributes
   */
  #row(name, amounts, compared, columns, attributes) {
    const parts = html("div", { class: "who" }, ...[name].flat());
    const heading = html("th", { scope: "row" }, parts);
    const cells = columns.map((column) => cellOf(column, amounts, compared));
    return html("tr", attributes, heading, ...cells);
  }
}

/**
 * @param {Column} column
 * @param {import("./types.js").Amounts} amounts
 * @param {import("./types.js").Amounts | null} compared
 */
function cellOf({ name, cell }, amounts, compared) {
  const { text, value, tone, share } = cell(amounts, compared);
  const kind = name === "share" ? "n share" : "n";
  const attributes = { class: tone ? `${kind} ${tone}` : kind, "data-column": name };
  if (share === null) return html("td", { ...attributes, "data-value": value }, text);
  const bar = styled(html("span", { class: "bar" }), { "--share": share.toFixed(4) });
  return html("td", attributes, bar, html("span", { class: "percent" }, text));
}

/**
 * The color that a group has in the chart; without one, the place for it.
 *
 * @param {number | undefined} color
 */
function swatch(color) {
  const element = html("i", { class: "swatch" });
  return color === undefined ? element : styled(element, { "--color": colorVariable(color) });
}

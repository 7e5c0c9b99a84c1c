/**
 * Draws bars, axes and lines as SVG, in pixels of the width that there is.
 *
 * @import { BarView } from "./bar_view.js"
 * @import { Scale } from "./bar_shapes.js"
 *
 * @typedef {object} Frame where the bars are, in pixels
 * @property {number} left
 * @property {number} width
 * @property {number} height
 *
 * @typedef {object} Heights what is drawn, as numbers
 * @property {number[][]} series
 * @property {(number | null)[]} compared
 * @property {number[]} levels
 */

import { bandsPath, linePath, stackedPaths, stepsPath } from "./bar_shapes.js";
import { styled, svg } from "./markup.js";
import { drawnValue, isMoney } from "./metric_values.js";
import { symbolOf } from "./numbers.js";
import { colorVariable } from "./palette.js";
import { barEdges, bucketMarks, levelsOf, levelTexts } from "./scales.js";

const TOP = 10;
const BOTTOM = 26;
const RIGHT = 6;
const DIGIT = 7.5;
const LABEL_GAP = 10;
const MARK_ROOM = { day: 58, week: 58, month: 46 };
const NARROW = 520;

/** Draws charts of one view, as wide as they are told. */
export class BarPlot {
  /**
   * @param {BarView} view
   * @param {string} id that no other chart on the page has
   */
  constructor(view, id) {
    this.view = view;
    this.id = id;
    this.heights = drawnHeights(view);
    this.texts = levelTexts(this.heights.levels, axisSymbol(view));
    this.selection = svg("rect", { class: "selection", y: 0, width: 0 });
    this.element = svg("svg", { class: "bar-plot", "aria-hidden": "true" });
    /** @type {Frame} */
    this.frame = { left: 0, width: 1, height: 1 };
  }

  /** @param {number} width */
  draw(width) {
    const left = Math.max(...this.texts.map(({ length }) => length)) * DIGIT + LABEL_GAP;
    const height = width < NARROW ? 180 : 250;
    this.frame = { left, width: Math.max(width - left - RIGHT, 1), height };
    const { levels } = this.heights;
    const [lowest, highest] = [levels[0], levels[levels.length - 1]];
    /** @type {Scale} */
    const scale = (value) => (height * (highest - value)) / (highest - lowest);
    this.selection.setAttribute("height", String(height));
    const whole = TOP + height + BOTTOM;
    for (const [name, value] of Object.entries({ width, height: whole })) {
      this.element.setAttribute(name, String(value));
    }
    this.element.setAttribute("viewBox", `0 0 ${width} ${whole}`);
    this.element.replaceChildren(this.hatch(), this.drawing(scale), this.axis(scale), this.marks());
  }

  /** Stripes over what is not known. */
  hatch() {
    const stripe = svg("path", { class: "stripe", d: "M0 0V6" });
    const size = { width: 6, height: 6, patternUnits: "userSpaceOnUse" };
    const turned = { id: this.id, ...size, patternTransform: "rotate(45)" };
    return svg("defs", {}, svg("pattern", turned, stripe));
  }

  /** @param {Scale} scale */
  drawing(scale) {
    const { view, frame, heights } = this;
    const bands = bandsPath(view.unknown, frame.width, frame.height);
    const lines = heights.levels.map((level) => `M0 ${crisp(scale(level))}H${frame.width}`);
    return svg(
      "g",
      { transform: `translate(${frame.left} ${TOP})` },
      svg("path", { class: "unknown", d: bands, fill: `url(#${this.id})` }),
      svg("path", { class: "level", d: lines.join("") }),
      this.selection,
      ...(view.isSum ? this.bars(scale) : this.lines(scale)),
      svg("path", { class: "zero", d: `M0 ${crisp(scale(0))}H${frame.width}` }),
      ...this.comparedLine(scale),
    );
  }

  /** @param {Scale} scale */
  bars(scale) {
    const edges = barEdges(this.view.buckets.length, this.frame.width);
    const paths = stackedPaths(this.heights.series, edges, scale);
    return paths.map((d, index) => this.shape(index, { class: "bar-series", d }));
  }

  /** @param {Scale} scale */
  lines(scale) {
    return this.view.series.map(({ values }, series) => {
      const heights = values.map((value, index) =>
        value === null ? null : this.heights.series[series][index],
      );
      return this.shape(series, {
        class: "line-series",
        d: linePath(heights, this.frame.width, scale),
      });
    });
  }

  /**
   * @param {number} index of the series
   * @param {Record<string, string>} attributes
   */
  shape(index, attributes) {
    const color = colorVariable(this.view.series[index].color);
    return styled(svg("path", attributes), { "--color": color });
  }

  /** @param {Scale} scale */
  comparedLine(scale) {
    const { width } = this.frame;
    const d = stepsPath(this.heights.compared, width, this.view.buckets.length, scale);
    return d ? [svg("path", { class: "halo", d }), svg("path", { class: "before", d })] : [];
  }

  /** @param {Scale} scale */
  axis(scale) {
    const x = this.frame.left - LABEL_GAP;
    const texts = this.heights.levels.map((level, index) =>
      svg("text", { x, y: TOP + scale(level), dy: "0.35em" }, this.texts[index]),
    );
    return svg("g", { class: "levels" }, ...texts);
  }

  marks() {
    const { buckets, question } = this.view;
    const { left, width, height } = this.frame;
    const room = Math.max(Math.floor(width / MARK_ROOM[question.granularity]), 1);
    const texts = bucketMarks(buckets, question.granularity, room).map(({ index, text }) => {
      const half = (text.length * DIGIT) / 2;
      const middle = left + ((index + 0.5) * width) / buckets.length;
      const x = Math.min(Math.max(middle, half), left + width + RIGHT - half);
      return svg("text", { x, y: TOP + height + 18 }, text);
    });
    return svg("g", { class: "marks" }, ...texts);
  }

  /**
   * Show which buckets are pointed at or selected.
   *
   * @param {[number, number] | null} buckets
   * @param {boolean} isWide whether they are selected
   */
  select(buckets, isWide) {
    const slot = this.frame.width / this.view.buckets.length;
    const [first, last] = buckets ?? [0, -1];
    this.selection.setAttribute("x", String(first * slot));
    this.selection.setAttribute("width", String((last - first + 1) * slot));
    this.selection.classList.toggle("wide", isWide);
  }
}

/** @param {BarView} view */
function axisSymbol({ question, dataset }) {
  return isMoney(question.metric) ? symbolOf(dataset.currency) : "";
}

/**
 * @param {BarView} view
 * @returns {Heights}
 */
function drawnHeights(view) {
  const { dataset, question } = view;
  /** @param {(bigint | null)[]} values */
  const drawn = (values) => values.map((value) => drawnValue(value, question.metric, dataset));
  const series = view.series.map(({ values }) => drawn(values).map((value) => value ?? 0));
  const compared = drawn((view.compared?.bars ?? []).map((bar) => bar?.value ?? null));
  const ends = view.isSum ? stackEnds(series) : series.flat();
  const all = [...ends, ...compared.map((value) => value ?? 0)];
  const isWhole = question.metric === "job_runs";
  return { series, compared, levels: levelsOf(lowestOf(all), highestOf(all), isWhole) };
}

/**
 * How far the stacks reach, upward and downward.
 *
 * @param {number[][]} series
 */
function stackEnds(series) {
  const above = (series[0] ?? []).map(() => 0);
  const below = above.slice();
  for (const values of series) {
    values.forEach((value, index) => {
      (value > 0 ? above : below)[index] += value;
    });
  }
  return [...above, ...below];
}

/** @param {number[]} values */
function lowestOf(values) {
  return values.reduce((lowest, value) => Math.min(lowest, value), 0);
}

/** @param {number[]} values */
function highestOf(values) {
  return values.reduce((highest, value) => Math.max(highest, value), 0);
}

/**
 * Where a line of one pixel is sharp.
 *
 * @param {number} y
 */
function crisp(y) {
  return Math.round(y) + 0.5;
}

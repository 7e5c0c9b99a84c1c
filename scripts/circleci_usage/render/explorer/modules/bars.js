/**
 * The chart over time: bars stacked by name, a brush, a legend, and the same as a table.
 *
 * @import { Answer, Dataset, Granularity, Metric } from "./types.js"
 * @import { BarView } from "./bar_view.js"
 * @import { Brush } from "./brush.js"
 *
 * @typedef {object} BarActions
 * @property {(from: number, to: number) => void} onBrush days were selected
 * @property {(name: string) => void} onPick a name was chosen
 */

import { BarPlot } from "./bar_plot.js";
import { tipContent, tipOf, tipWords } from "./bar_tip.js";
import { barView } from "./bar_view.js";
import { brushedBuckets, bucketAt } from "./brush.js";
import { brushable } from "./brush_events.js";
import { chartFigure } from "./chart_figure.js";
import { chartTable } from "./chart_table.js";
import { legend } from "./legend.js";
import { html, styled } from "./markup.js";
import { metricLabel } from "./metric_values.js";
import { colorVariable } from "./palette.js";

const FIRST_WIDTH = 720;
const TIP_GAP = 12;
/** Narrower, the box stands under the bars, so as not to cover them. */
const NARROW_PLOT = 520;
let charts = 0;

/**
 * A figure that is as wide as its place.
 *
 * @param {Answer} answer
 * @param {Dataset} dataset
 * @param {BarActions} actions
 */
export function stackedBars(answer, dataset, actions) {
  const view = barView(answer, dataset);
  charts += 1;
  const plot = new BarPlot(view, `chart-${charts}`);
  return chartFigure(
    answer.question,
    dataset,
    view.caption,
    barLegend(view, actions),
    plotArea(view, plot, actions),
    ...barNotes(view),
    chartTable(view),
  );
}

/**
 * @param {BarView} view
 * @param {BarActions} actions
 */
function barLegend({ series, compared, question }, { onPick }) {
  const named = series.map(({ name, label, color, isRest }) => ({
    name: label,
    color: colorVariable(color),
    pick: isRest || question.by.length === 0 ? null : () => onPick(name),
  }));
  const line = compared ? [{ name: compared.label, color: null, pick: null }] : [];
  return legend([...named, ...line]);
}

/** @param {BarView} view */
function barNotes({ series, unknown, unknownDays, question, isSum }) {
  const values = series.flatMap((each) => each.values);
  const isNothingKnown = values.length > 0 && values.every((value) => value === null);
  const notes = [
    series.length === 0 && "No usage matches.",
    isNothingKnown && `${metricLabel(question.metric)}: not known for this selection.`,
    !isSum && notAddedUp(question.metric),
    unknown.includes(true) && unknownNote(question.granularity, unknownDays),
  ];
  return notes.filter((note) => note !== false).map((note) => html("p", { class: "hint" }, note));
}

/** @param {Metric} metric */
function notAddedUp(metric) {
  const reason =
    metric === "job_runs" ? "a job run can use several credit types" : "ratios do not add up";
  return `Lines instead of stacked bars: ${reason}.`;
}

/**
 * @param {Granularity} granularity
 * @param {number} days
 */
function unknownNote(granularity, days) {
  const stripes = granularity === "day" ? "Hatched" : `Hatched ${granularity}s are incomplete`;
  return `${stripes}: the usage of ${days === 1 ? "1 day" : `${days} days`} is not known.`;
}

/**
 * The bars with what points at them.
 *
 * @param {BarView} view
 * @param {BarPlot} plot
 * @param {BarActions} actions
 */
function plotArea(view, plot, { onBrush }) {
  const count = view.buckets.length;
  const tip = html("div", { class: "chart-tip", "aria-hidden": "true", hidden: true });
  const area = html("div", sliderAttributes(view), plot.element, tip);
  brushable(area, {
    count,
    bucketOf: (event) => {
      const x = event.clientX - area.getBoundingClientRect().left - plot.frame.left;
      return bucketAt(x, plot.frame.width, count);
    },
    show: (brush) => showBrush(area, tip, plot, brush),
    choose: (first, last) => onBrush(view.buckets[first].from, view.buckets[last].to),
  });
  plot.draw(FIRST_WIDTH);
  const watch = new ResizeObserver(() => {
    if (area.clientWidth > 0) plot.draw(area.clientWidth);
  });
  watch.observe(area);
  return area;
}

/**
 * For a keyboard and a screen reader the bars are a slider from the first bucket to the last.
 *
 * @param {BarView} view
 */
function sliderAttributes(view) {
  const [first, last] = [0, view.buckets.length - 1];
  return {
    class: "plot",
    "data-key": "plot",
    role: "slider",
    tabindex: 0,
    "aria-label": `${view.caption}. Select dates: arrow keys with Shift, then Enter`,
    "aria-valuemin": first,
    "aria-valuemax": last,
    "aria-valuenow": first,
    "aria-valuetext": tipWords(tipOf(view, first, first), false),
  };
}

/**
 * @param {HTMLElement} area
 * @param {HTMLElement} tip
 * @param {BarPlot} plot
 * @param {Brush | null} brush
 */
function showBrush(area, tip, plot, brush) {
  tip.hidden = brush === null;
  plot.select(brush && brushedBuckets(brush), brush?.isWide ?? false);
  if (!brush) return;
  const buckets = brushedBuckets(brush);
  const content = tipOf(plot.view, ...buckets);
  area.setAttribute("aria-valuenow", String(brush.at));
  area.setAttribute("aria-valuetext", tipWords(content, brush.isWide));
  tip.replaceChildren(...tipContent(content));
  placeTip(tip, plot, buckets);
}

/**
 * Beside the buckets, on the side that has more room.
 *
 * @param {HTMLElement} tip
 * @param {BarPlot} plot
 * @param {[number, number]} buckets
 */
function placeTip(tip, { frame, view }, [first, last]) {
  const isNarrow = frame.left + frame.width < NARROW_PLOT;
  const slot = frame.width / view.buckets.length;
  const left = frame.left + first * slot;
  const right = frame.left + (last + 1) * slot;
  const whole = frame.left + frame.width;
  const room = whole - right > left ? right + TIP_GAP : left - TIP_GAP - tip.offsetWidth;
  const place = Math.max(0, Math.min(room, whole - tip.offsetWidth));
  styled(tip, { left: `${Math.round(place)}px`, top: isNarrow ? "100%" : "0" });
}

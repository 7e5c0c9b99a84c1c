/**
 * Selecting buckets by dragging, by touch and by keyboard.
 *
 * @import { Brush } from "./brush.js"
 *
 * @typedef {object} Brushed what the events are for
 * @property {number} count of buckets
 * @property {(event: PointerEvent) => number} bucketOf the bucket under a pointer
 * @property {(brush: Brush | null) => void} show where the pointer is, and what is selected
 * @property {(first: number, last: number) => void} choose a selection is made
 */

import { brushAfterKey, brushAt, brushedBuckets } from "./brush.js";

const LEAST_DRAG = 5;

/**
 * @param {HTMLElement} plot
 * @param {Brushed} brushed
 */
export function brushable(plot, brushed) {
  const events = new BrushEvents(plot, brushed);
  plot.addEventListener("pointerdown", (event) => events.press(event));
  plot.addEventListener("pointermove", (event) => events.move(event));
  plot.addEventListener("pointerup", () => events.release());
  plot.addEventListener("pointercancel", () => events.drop());
  plot.addEventListener("pointerleave", (event) => events.leave(event));
  plot.addEventListener("keydown", (event) => events.key(event));
  plot.addEventListener("focus", () => events.focus());
  plot.addEventListener("blur", () => events.drop());
}

class BrushEvents {
  /**
   * @param {HTMLElement} plot
   * @param {Brushed} brushed
   */
  constructor(plot, brushed) {
    this.plot = plot;
    this.brushed = brushed;
    /** @type {Brush | null} */
    this.brush = null;
    /** @type {number | null} */
    this.pressedAt = null;
  }

  /** @param {Brush | null} brush */
  set(brush) {
    this.brush = brush;
    this.brushed.show(brush);
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button !== 0) return;
    this.pressedAt = event.clientX;
    this.plot.setPointerCapture(event.pointerId);
    this.set(brushAt(this.brushed.bucketOf(event)));
  }

  /** @param {PointerEvent} event */
  move(event) {
    const at = this.brushed.bucketOf(event);
    if (this.pressedAt === null || !this.brush) {
      this.set(brushAt(at));
      return;
    }
    const isWide = this.brush.isWide || Math.abs(event.clientX - this.pressedAt) >= LEAST_DRAG;
    this.set({ anchor: this.brush.anchor, at, isWide });
  }

  release() {
    const selected = this.pressedAt !== null && this.brush?.isWide ? this.brush : null;
    this.pressedAt = null;
    if (selected) this.choose(selected);
  }

  /** @param {PointerEvent} event */
  leave(event) {
    if (event.pointerType === "mouse" && this.pressedAt === null) this.drop();
  }

  drop() {
    this.pressedAt = null;
    this.set(null);
  }

  /** By keyboard; a pointer shows its place itself. */
  focus() {
    if (!this.brush && this.plot.matches(":focus-visible")) this.set(brushAt(0));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && this.brush) {
      event.preventDefault();
      this.choose(this.brush);
      return;
    }
    const brush = brushAfterKey(this.brush, event.key, event.shiftKey, this.brushed.count);
    if (brush === undefined) return;
    event.preventDefault();
    this.pressedAt = null;
    this.set(brush);
  }

  /** @param {Brush} brush */
  choose(brush) {
    this.set(null);
    this.brushed.choose(...brushedBuckets(brush));
  }
}

// Mouse, pen and fingers on the canvas: hover, click, drag, wheel, pinch.

/** @typedef {import("../view/view.js").View} View */
/** @typedef {import("../render/painter.js").Painter} Painter */
/** @typedef {{x: number, y: number}} Position on the canvas, in pixels */

const CLICK_WITHIN_PX = 5;
/** One notch of a wheel is about 100 px and zooms by a fifth. */
const WHEEL_ZOOM = 0.0018;
const LINE_PX = 16;

export class Pointer {
  /** @type {Map<number, Position>} the pointers that are down, by id */
  #down = new Map();
  #moved = 0;
  #pinch = 0;

  /** @param {View} view @param {Painter} painter @param {(track: number) => void} focusTrack */
  constructor(view, painter, focusTrack) {
    this.view = view;
    this.painter = painter;
    this.focusTrack = focusTrack;
    const { canvas } = painter;
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#release(event));
    canvas.addEventListener("pointercancel", (event) => this.#down.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => view.hoverAt(null, null, null));
    canvas.addEventListener("dblclick", (event) => this.#doubleClick(event));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    painter.afterPaint.push(() => {
      // Where all rows fit into the picture, a finger on it scrolls the page.
      const action = painter.scrollRange > 0 ? "none" : "pan-y";
      if (canvas.style.touchAction !== action) canvas.style.touchAction = action;
    });
  }

  /** @param {MouseEvent} event @returns {Position} */
  #position(event) {
    const box = this.painter.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0) return;
    this.painter.canvas.setPointerCapture(event.pointerId);
    this.#down.set(event.pointerId, this.#position(event));
    if (this.#down.size === 1) this.#moved = 0;
    this.#pinch = this.#spread();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const position = this.#position(event);
    const before = this.#down.get(event.pointerId);
    if (!before) return this.#hover(position);
    this.#moved += Math.abs(position.x - before.x) + Math.abs(position.y - before.y);
    this.#down.set(event.pointerId, position);
    if (this.#moved <= CLICK_WITHIN_PX) return;
    if (this.#down.size === 2) {
      const spread = this.#spread();
      const [one, other] = [...this.#down.values()];
      if (spread > 10 && this.#pinch > 10) {
        this.view.zoom((one.x + other.x) / 2, this.#pinch / spread);
      }
      this.#pinch = spread;
      this.view.pan((before.x - position.x) / 2);
    } else {
      this.view.scrollTop += before.y - position.y;
      if (position.x !== before.x) this.view.pan(before.x - position.x);
      else this.view.changed();
      this.painter.canvas.style.cursor = "grabbing";
    }
  }

  /** @param {PointerEvent} event */
  #release(event) {
    const wasDown = this.#down.delete(event.pointerId);
    this.painter.canvas.style.cursor = "";
    if (wasDown && this.#down.size === 0 && this.#moved <= CLICK_WITHIN_PX) {
      this.#click(this.#position(event));
    }
  }

  /** The distance between two fingers; 0 if there is one. */
  #spread() {
    const [one, other] = [...this.#down.values()];
    return other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
  }

  /** @param {Position} position */
  #hover({ x, y }) {
    const hit = this.painter.hit(x, y);
    const track = hit.row?.type === "track" ? hit.row.id : (hit.point?.track ?? null);
    this.view.hoverAt(hit.point, track, hit.inNames ? null : hit.ns);
    const pointing = hit.point || (hit.inNames && hit.row);
    this.painter.canvas.style.cursor = pointing ? "pointer" : "";
  }

  /** @param {Position} position */
  #click({ x, y }) {
    const { row, inNames, point } = this.painter.hit(x, y);
    if (inNames && row) {
      if (row.folds > 0) this.view.toggleFold(row.key);
      else if (row.type === "track") this.focusTrack(row.id);
      return;
    }
    const { pin } = this.view;
    const again = point && pin && point.track === pin.track && point.row === pin.row;
    this.view.pinAt(again ? null : point);
  }

  /** @param {MouseEvent} event */
  #doubleClick(event) {
    const { x, y } = this.#position(event);
    const { point } = this.painter.hit(x, y);
    if (!point) return;
    const columns = this.view.model.slicesOf(point.track);
    this.view.pinAt(point);
    this.view.show(columns.start[point.row], columns.endOf(point.row, this.view.nowNs), 0.6);
  }

  /** Over the names the wheel scrolls the rows; over the slices it zooms, with Shift it pans.
   *  @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    const { x } = this.#position(event);
    if (event.shiftKey) this.view.pan(dx || dy);
    else if (x < this.painter.namesPx) {
      this.view.scrollTop += dy;
      this.view.changed();
    } else if (Math.abs(dx) > Math.abs(dy)) this.view.pan(dx);
    else this.view.zoom(x, Math.exp(Math.max(-400, Math.min(400, dy)) * WHEEL_ZOOM));
  }
}

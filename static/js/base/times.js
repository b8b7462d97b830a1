// Nanoseconds as text, in the unit that suits their size.

const UNITS = /** @type {const} */ ([
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
]);

/**
 * A duration with three significant figures: "1.84 s", "5.1 ms", "12 µs", "640 ns".
 * @param {number} ns
 */
export function duration(ns) {
  for (const [size, unit] of UNITS) {
    if (ns >= size) {
      const value = ns / size;
      const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
      return `${value.toFixed(digits)} ${unit}`;
    }
  }
  return `${Math.round(ns)} ns`;
}

/**
 * A point in time since the run's start, precise to the millisecond: "0.930 s".
 * @param {number} ns
 */
export function instant(ns) {
  return `${(ns / 1e9).toFixed(3)} s`;
}

/**
 * The distance of an axis' ticks: 1, 2 or 5 times a power of ten, at least `minNs`.
 * @param {number} minNs
 */
export function tickStep(minNs) {
  const power = 10 ** Math.floor(Math.log10(Math.max(minNs, 1)));
  for (const factor of [1, 2, 5]) {
    if (power * factor >= minNs) return power * factor;
  }
  return power * 10;
}

/**
 * A tick's label: seconds for coarse steps, else milliseconds or microseconds.
 * @param {number} ns @param {number} stepNs
 */
export function tickLabel(ns, stepNs) {
  const [size, unit] = stepNs >= 1e7 ? UNITS[0] : stepNs >= 1e3 ? UNITS[1] : UNITS[2];
  const digits = Math.max(0, Math.ceil(Math.log10(size) - Math.log10(stepNs) - 1e-9));
  return `${(ns / size).toFixed(digits)} ${unit}`;
}

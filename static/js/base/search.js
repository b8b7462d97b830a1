// Binary search in sorted columns.

/**
 * The first index in [low, high) whose value is >= `value`, or `high`.
 * @param {ArrayLike<number>} sorted @param {number} value @param {number} low @param {number} high
 */
export function lowerBound(sorted, value, low, high) {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The first index in [low, high) whose value is > `value`, or `high`.
 * @param {ArrayLike<number>} sorted @param {number} value @param {number} low @param {number} high
 */
export function upperBound(sorted, value, low, high) {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

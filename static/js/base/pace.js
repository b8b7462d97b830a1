// Work that follows the frames at a slower pace than they come in.

export class Pace {
  /** How many calls are due. */
  due = 0;

  /**
   * A function that calls `work` at most once per `ms`, and once after its own last call.
   * @param {() => void} work @param {number} ms @returns {() => void}
   */
  every(work, ms) {
    let pending = false;
    return () => {
      if (pending) return;
      pending = true;
      this.due += 1;
      setTimeout(() => {
        pending = false;
        this.due -= 1;
        work();
      }, ms);
    };
  }
}

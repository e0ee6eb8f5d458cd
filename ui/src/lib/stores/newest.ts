// Sending the newest of many values, one at a time: what a slider needs.

/** A function that sends its argument at once, or, while one is under way, the newest when that has ended. */
export function newest<T>(send: (value: T) => Promise<unknown>): (value: T) => void {
  let waiting: { value: T } | null = null;
  let busy = false;
  async function work(value: T): Promise<void> {
    busy = true;
    try {
      await send(value);
    } catch {
      // The next value is as good; what is true comes back as an event.
    }
    busy = false;
    if (waiting) {
      const { value: next } = waiting;
      waiting = null;
      void work(next);
    }
  }
  return (value) => {
    if (busy) waiting = { value };
    else void work(value);
  };
}

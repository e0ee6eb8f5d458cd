// A value that shows, and that changes only while nobody points at it.

export class Steady<T> {
  /** What is shown; null until there is something. */
  shown = $state.raw<T | null>(null);
  #next: { value: T } | null = null;
  #held = false;

  /** Shows a newer value: now, or as soon as it is let go. */
  take(value: T): void {
    if (this.#held && this.shown !== null) {
      this.#next = { value };
    } else {
      this.shown = value;
      this.#next = null;
    }
  }

  /** Somebody points at it or has the focus in it. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    if (this.#next) this.take(this.#next.value);
  }
}

// Rows that are dragged to another place by a grip: where the one on its way is, and how far the others make room.

interface Drag {
  from: number;
  to: number;
  /** How far it is pulled, in px. */
  by: number;
  /** It was let go, and the list does not show it yet. */
  done: boolean;
}

export interface Rows {
  /** Height of a row, in px. */
  row: number;
  /** How many there are. */
  count: () => number;
  /** What scrolls them. */
  scroller: () => HTMLElement | undefined;
}

export class Reorder {
  drag = $state.raw<Drag | null>(null);
  /** A row is held at this moment. */
  readonly held: boolean = $derived(this.drag !== null && !this.drag.done);

  #rows: Rows;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** A grip was pressed. `drop` hears where its row was let go, and resolves when the list shows it there. */
  pull(
    event: PointerEvent & { currentTarget: HTMLElement },
    from: number,
    drop: (to: number) => Promise<unknown>,
  ): void {
    if (event.button !== 0 || this.drag) return;
    const { row, count, scroller } = this.#rows;
    const grip = event.currentTarget;
    grip.setPointerCapture(event.pointerId);
    const began = event.clientY + (scroller()?.scrollTop ?? 0);
    let pointer = event.clientY;
    this.drag = { from, to: from, by: 0, done: false };

    const place = () => {
      const list = scroller();
      if (!this.drag || !list) return;
      const by = pointer + list.scrollTop - began;
      const to = Math.max(0, Math.min(from + Math.round(by / row), count() - 1));
      this.drag = { ...this.drag, by, to };
    };
    // Near an edge the list goes along, for as long as the pointer stays there.
    const along = setInterval(() => {
      const list = scroller();
      if (!list) return;
      const box = list.getBoundingClientRect();
      const over = Math.min(0, pointer - box.top - row / 2) + Math.max(0, pointer - box.bottom + row / 2);
      if (over === 0) return;
      list.scrollTop += over / 3;
      place();
    }, 16);
    const moved = (e: PointerEvent) => {
      pointer = e.clientY;
      place();
    };
    const ended = async () => {
      clearInterval(along);
      grip.removeEventListener("pointermove", moved);
      grip.removeEventListener("lostpointercapture", ended);
      const to = this.drag?.to ?? from;
      if (this.drag && to !== from) {
        // The rows stay where they were dropped until the list itself says so.
        this.drag = { ...this.drag, by: (to - from) * row, done: true };
        await drop(to);
      }
      this.drag = null;
    };
    grip.addEventListener("pointermove", moved);
    grip.addEventListener("lostpointercapture", ended);
  }

  /** How far a row is from where it stands, in px. */
  shift(index: number): number {
    const { drag } = this;
    if (!drag) return 0;
    if (index === drag.from) return drag.by;
    if (index > drag.from && index <= drag.to) return -this.#rows.row;
    if (index < drag.from && index >= drag.to) return this.#rows.row;
    return 0;
  }
}

// The one short message above the player bar.

export interface ToastAction {
  label: string;
  run: () => unknown;
}

export interface Toast {
  text: string;
  action?: ToastAction;
  /** Stays until it is closed or used; another may stand before it for a while. */
  sticky?: boolean;
}

/** How long a toast is seen, in ms: longer when it offers something to do. */
export const PLAIN_MS = 4000;
export const ACTION_MS = 6000;

export class Toasts {
  #passing = $state.raw<Toast | null>(null);
  #sticky = $state.raw<Toast | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Sheets that are open: the toast is seen in the topmost. */
  sheets = $state(0);
  #left = 0;
  #since = 0;

  /** The one to show. */
  readonly current: Toast | null = $derived(this.#passing ?? this.#sticky);

  /** Shows a toast in the place of the one before. */
  show(toast: Toast): void {
    if (toast.sticky) {
      this.#sticky = toast;
      return;
    }
    this.#passing = toast;
    this.#run(toast.action ? ACTION_MS : PLAIN_MS);
  }

  /** Takes the one away that is shown. */
  close(): void {
    clearTimeout(this.#timer);
    if (this.#passing) this.#passing = null;
    else this.#sticky = null;
  }

  /** Takes this one away, shown or not. */
  withdraw(toast: Toast): void {
    if (this.#passing === toast) this.#passing = null;
    if (this.#sticky === toast) this.#sticky = null;
  }

  /** Does what the toast offers, and takes it away. */
  use(): void {
    const action = this.current?.action;
    this.close();
    action?.run();
  }

  /** The time stands still while the toast is pointed at or has the focus. */
  hold(): void {
    if (!this.#passing) return;
    clearTimeout(this.#timer);
    this.#left -= Date.now() - this.#since;
  }

  release(): void {
    if (this.#passing) this.#run(Math.max(this.#left, 1000));
  }

  #run(ms: number): void {
    clearTimeout(this.#timer);
    this.#left = ms;
    this.#since = Date.now();
    this.#timer = setTimeout(() => (this.#passing = null), ms);
  }
}

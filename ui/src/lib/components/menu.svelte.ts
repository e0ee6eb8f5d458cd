// The one menu that can be open. Lists have hundreds of rows; none of them carries a menu of its own.
import type { Icon } from "./icon";

export interface MenuItem {
  label: string;
  icon?: Icon;
  /** What it does; absent when it opens further items. */
  run?: () => unknown;
  /** What opens beside it. */
  items?: readonly MenuItem[];
  /** The language of a label that is a listener's own words. */
  lang?: string;
  /** Given when the item is one of a choice. */
  checked?: boolean;
  danger?: boolean;
  /** A line above it. */
  parted?: boolean;
}

export interface OpenMenu {
  /** What was pressed: the menu hangs on it, and gives the focus back to it. */
  anchor: HTMLElement;
  label: string;
  items: readonly MenuItem[];
  align: "start" | "end";
}

class Menus {
  open = $state.raw<OpenMenu | null>(null);

  show(anchor: HTMLElement, label: string, items: readonly MenuItem[], align: "start" | "end" = "end"): void {
    this.open = { anchor, label, items, align };
  }

  close(): void {
    this.open = null;
  }
}

export const menus = new Menus();

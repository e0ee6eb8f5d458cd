// The element that scrolls the content: long lists in a screen need to know it.
import { createContext } from "svelte";

/** A getter, as the element comes after its children. */
export const [useScroller, setScroller] = createContext<() => HTMLElement | undefined>();

// Work that may wait until what was just done is seen.

/** Runs it once the next frame has been drawn. */
export function afterPaint(work: () => void): void {
  requestAnimationFrame(() => setTimeout(work));
}

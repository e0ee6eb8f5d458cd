// How far below the top of the content a list begins, in px: a list that is drawn in part needs to know it.

/** Tells it now and whenever it changes. Gives back what ends that. */
export function watchAbove(list: HTMLElement, content: HTMLElement, tell: (px: number) => void): () => void {
  const measure = () =>
    tell(list.getBoundingClientRect().top - content.getBoundingClientRect().top + content.scrollTop);
  const observer = new ResizeObserver(measure);
  observer.observe(content);
  // What stands above is in one of these.
  for (let around = list.parentElement; around && around !== content; around = around.parentElement) {
    observer.observe(around);
  }
  measure();
  return () => observer.disconnect();
}

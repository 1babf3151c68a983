/**
 * Calls when an element comes into sight: at once if it is, so that it is drawn in this frame.
 *
 * @param scrolledIn - around it
 * @returns a function that stops it
 */
export function whenInSight(element: Element, scrolledIn: Element | null, call: () => void): () => void {
  const { top } = element.getBoundingClientRect();
  if (top < Math.min(innerHeight, scrolledIn?.getBoundingClientRect().bottom ?? innerHeight)) {
    call();
    return () => {};
  }
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      call();
    },
    // With the next turn of a wheel.
    { root: scrolledIn, rootMargin: "150px" },
  );
  observer.observe(element);
  return () => observer.disconnect();
}

import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Which rows of a long list are in sight. */
export interface RowWindow<T extends HTMLElement> {
  /** For the element that scrolls. */
  readonly ref: RefObject<T | null>;
  readonly first: number;
  /** Behind the last. */
  readonly end: number;
}

/** Rows above and below, so that a quick scroll finds some. */
const SPARE = 6;

/** Follows the scrolling of an element with rows of one height, in pixels. */
export function useRowWindow<T extends HTMLElement>(rows: number, height: number): RowWindow<T> {
  const ref = useRef<T | null>(null);
  const seen = useSignal({ top: 0, height: 400 });

  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    // What scrolls must be within reach of keys.
    element.tabIndex = 0;
    const look = (): void => {
      seen.value = { top: element.scrollTop, height: element.clientHeight };
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [seen]);

  const first = Math.max(0, Math.min(rows, Math.floor(seen.value.top / height)) - SPARE);
  return { ref, first, end: Math.min(rows, Math.ceil((seen.value.top + seen.value.height) / height) + SPARE) };
}

import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { useScroll } from "../ui/use-scroll.ts";
import { type VisibleRows, visibleRows } from "../ui/visible-rows.ts";

/** Which rows of a long list are in sight. */
export interface RowWindow<T extends HTMLElement> extends VisibleRows {
  /** For the element that scrolls. */
  readonly ref: RefObject<T | null>;
}

/** Follows the scrolling of an element with rows of one height, in pixels. It can be scrolled by keys too. */
export function useRowWindow<T extends HTMLElement>(rows: number, height: number): RowWindow<T> {
  const { element, top, viewport } = useScroll<T>();
  useLayoutEffect(() => {
    if (element.current !== null) element.current.tabIndex = 0;
  }, [element]);
  return { ref: element, ...visibleRows(top.value, viewport.value, rows, height) };
}

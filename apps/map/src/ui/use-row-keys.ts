import type { Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { scrollToRow } from "./visible-rows.ts";

interface RowKeys {
  /** What is scrolled. */
  readonly element: RefObject<HTMLElement | null>;
  readonly top: Signal<number>;
  readonly count: number;
  /** In pixels. */
  readonly rowHeight: number;
  /** What stays above the rows, in pixels. */
  readonly headHeight?: number;
  /** The row that the keys go from; -1: none. */
  readonly current: () => number;
  /** Makes a row the one that the keys go from. */
  setCurrent(row: number): void;
  /** The element of a row that takes the focus, if it is drawn. */
  elementOf(row: number): HTMLElement | null | undefined;
}

/** Lets the keys go from row to row in a list of which only what is seen is drawn. */
export function useRowKeys(keys: RowKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const target = latest.current.element.current;
    const onKeyDown = (event: KeyboardEvent): void => {
      const isInRow =
        event.target === target || (event.target instanceof Element && event.target.closest("[data-row]") !== null);
      const row = isInRow && target !== null ? rowAfter(event.key, latest.current, target) : undefined;
      if (row === undefined || target === null) return;
      event.preventDefault();
      goTo(row, latest.current, target);
    };
    target?.addEventListener("keydown", onKeyDown);
    return () => target?.removeEventListener("keydown", onKeyDown);
  }, []);
}

function rowAfter(key: string, { count, rowHeight, current }: RowKeys, target: HTMLElement): number | undefined {
  const row = current();
  const page = Math.max(1, Math.floor(target.clientHeight / rowHeight) - 2);
  switch (key) {
    case "ArrowDown":
      return row + 1;
    case "ArrowUp":
      return row - 1;
    case "PageDown":
      return row + page;
    case "PageUp":
      return row - page;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}

function goTo(wanted: number, keys: RowKeys, target: HTMLElement): void {
  const { top, count, rowHeight, headHeight = 0 } = keys;
  const row = Math.max(0, Math.min(count - 1, wanted));
  const to = scrollToRow(row, target.scrollTop, target.clientHeight - headHeight, count, rowHeight);
  if (to !== undefined) {
    target.scrollTop = to;
    top.value = target.scrollTop;
  }
  keys.setCurrent(row);
  const drawn = keys.elementOf(row);
  // Until the row is drawn the list itself has the focus, so that no key is lost.
  (drawn ?? target).focus({ preventScroll: true });
  if (drawn == null) requestAnimationFrame(() => keys.elementOf(keys.current())?.focus({ preventScroll: true }));
}

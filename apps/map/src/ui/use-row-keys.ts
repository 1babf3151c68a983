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
  /** -1: none. */
  rowInFocus(): number;
  /** Is called once the row is drawn. */
  focusRow(row: number): void;
}

/** Lets the keys go from row to row in a list of which only what is seen is drawn. */
export function useRowKeys(keys: RowKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const target = latest.current.element.current;
    const onKeyDown = (event: KeyboardEvent): void => {
      const isInRow = event.target instanceof Element && event.target.closest("[data-row]") !== null;
      const row = isInRow && target !== null ? rowAfter(event.key, latest.current, target) : undefined;
      if (row === undefined || target === null) return;
      event.preventDefault();
      goTo(row, latest.current, target);
    };
    target?.addEventListener("keydown", onKeyDown);
    return () => target?.removeEventListener("keydown", onKeyDown);
  }, []);
}

function rowAfter(key: string, { count, rowHeight, rowInFocus }: RowKeys, target: HTMLElement): number | undefined {
  const row = rowInFocus();
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
  requestAnimationFrame(() => keys.focusRow(row));
}

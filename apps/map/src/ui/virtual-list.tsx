import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useScroll } from "./use-scroll.ts";
import { scrollToRow, visibleRows } from "./visible-rows.ts";

interface VirtualListProps {
  readonly count: number;
  /** The height of each row, in pixels. */
  readonly rowHeight: number;
  readonly label: string;
  /** Whether it stays at its end when rows come to it, unless somebody scrolled away. */
  readonly followsEnd?: boolean;
  keyOf(row: number): string | number;
  /** One element, which takes the focus; the row in focus has `tabIndex` 0. */
  render(row: number, tabIndex: 0 | -1): ComponentChildren;
}

/** A list of which only what is seen is there. Up and down go from row to row. */
export function VirtualList({ count, rowHeight, label, followsEnd = false, keyOf, render }: VirtualListProps) {
  const { element, top, viewport } = useScroll<HTMLDivElement>();
  const focused = useRef(0);
  const isAtEnd = useRef(true);
  const { first, end, offset, height } = visibleRows(top.value, viewport.value, count, rowHeight);

  useEffect(() => {
    const target = element.current;
    if (target !== null) isAtEnd.current = target.scrollTop + target.clientHeight >= target.scrollHeight - rowHeight;
  }, [element, rowHeight, top.value]);

  useLayoutEffect(() => {
    const target = element.current;
    if (target !== null && followsEnd && isAtEnd.current) target.scrollTop = target.scrollHeight;
  }, [element, followsEnd, count, height, viewport.value]);

  function moveTo(row: number): void {
    const target = element.current;
    if (target === null || count === 0) return;
    focused.current = Math.max(0, Math.min(count - 1, row));
    const to = scrollToRow(focused.current, target.scrollTop, target.clientHeight, count, rowHeight);
    if (to !== undefined) {
      target.scrollTop = to;
      top.value = target.scrollTop;
    }
    // The row may have to be drawn first.
    requestAnimationFrame(() => {
      target.querySelector<HTMLElement>(`[data-row="${focused.current}"] > *`)?.focus({ preventScroll: true });
    });
  }

  function onKeyDown(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(viewport.value / rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowDown: focused.current + 1,
      ArrowUp: focused.current - 1,
      PageDown: focused.current + page,
      PageUp: focused.current - page,
      Home: 0,
      End: count - 1,
    };
    const row = moves[event.key];
    if (row === undefined) return;
    event.preventDefault();
    moveTo(row);
  }

  const current = Math.max(first, Math.min(end - 1, focused.current));
  return (
    <div
      class="virtual-list"
      role="group"
      aria-label={label}
      data-owns-arrows
      ref={element}
      tabIndex={count === 0 ? 0 : -1}
      onKeyDown={onKeyDown}
    >
      <div style={{ height: `${height}px` }}>
        <ul style={{ transform: `translateY(${offset}px)` }}>
          {Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i).map((row) => (
            <li
              key={keyOf(row)}
              style={{ height: `${rowHeight}px` }}
              data-row={row}
              onFocusCapture={() => {
                focused.current = row;
              }}
            >
              {render(row, row === current ? 0 : -1)}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

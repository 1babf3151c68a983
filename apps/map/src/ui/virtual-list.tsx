import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useRowKeys } from "./use-row-keys.ts";
import { useScroll } from "./use-scroll.ts";
import { visibleRows } from "./visible-rows.ts";

interface VirtualListProps {
  readonly count: number;
  /** The height of each row, in pixels. */
  readonly rowHeight: number;
  readonly label: string;
  /** Whether rows come at its beginning: what somebody scrolled to stays where it is. */
  readonly growsAtStart?: boolean;
  keyOf(row: number): string | number;
  /** One element, which takes the focus; the row in focus has `tabIndex` 0. */
  render(row: number, tabIndex: 0 | -1): ComponentChildren;
}

/** A list of which only what is seen is there. Up and down go from row to row. */
export function VirtualList({ count, rowHeight, label, growsAtStart = false, keyOf, render }: VirtualListProps) {
  const { element, top, viewport } = useScroll<HTMLDivElement>();
  const focused = useRef(0);
  const before = useRef(count);
  const { first, end, offset, height } = visibleRows(top.value, viewport.value, count, rowHeight);

  useLayoutEffect(() => {
    const target = element.current;
    const added = count - before.current;
    before.current = count;
    if (target !== null && growsAtStart && target.scrollTop > 0) target.scrollTop += added * rowHeight;
  }, [element, growsAtStart, count, rowHeight]);

  useRowKeys({
    element,
    top,
    count,
    rowHeight,
    current: () => focused.current,
    setCurrent(row) {
      focused.current = row;
    },
    elementOf: (row) => element.current?.querySelector<HTMLElement>(`[data-row="${row}"] > *`),
  });

  const current = Math.max(first, Math.min(end - 1, focused.current));
  return (
    <div class="virtual-list" ref={element} tabIndex={-1}>
      <div style={{ height: `${height}px` }}>
        <ul aria-label={label} style={{ transform: `translateY(${offset}px)` }}>
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

/** Which rows of a long list are drawn, and where. */
export interface VisibleRows {
  readonly first: number;
  /** Behind the last. */
  readonly end: number;
  /** How far from the list's top the first of them is, in pixels. */
  readonly offset: number;
  /** The whole list, in pixels. */
  readonly height: number;
}

/** Browsers draw nothing that is further down than this, about; a longer list scrolls faster than its rows. */
const MAX_HEIGHT = 8_000_000;

/** Rows that are drawn beside those that are seen. */
const BESIDE = 8;

export function visibleRows(scrollTop: number, viewport: number, count: number, rowHeight: number): VisibleRows {
  const height = Math.min(count * rowHeight, MAX_HEIGHT);
  const seen = Math.ceil(viewport / rowHeight);
  const scroll = Math.max(0, Math.min(scrollTop, height - viewport));
  const top =
    height < MAX_HEIGHT || height <= viewport
      ? scroll / rowHeight
      : (scroll / (height - viewport)) * (count - viewport / rowHeight);
  const first = Math.max(0, Math.floor(top) - BESIDE);
  const end = Math.min(count, Math.floor(top) + seen + 1 + BESIDE);
  return { first, end, offset: Math.max(0, scroll - (top - first) * rowHeight), height };
}

/** How far to scroll so that a row is seen whole; undefined: it is. */
export function scrollToRow(
  row: number,
  scrollTop: number,
  viewport: number,
  count: number,
  rowHeight: number,
): number | undefined {
  const height = Math.min(count * rowHeight, MAX_HEIGHT);
  const scale = height < MAX_HEIGHT ? rowHeight : (height - viewport) / Math.max(1, count - viewport / rowHeight);
  const rows = viewport / rowHeight;
  const top = scrollTop / scale;
  if (row < top) return row * scale;
  if (row + 1 > top + rows) return (row + 1 - rows) * scale;
  return undefined;
}

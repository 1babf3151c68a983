/** How large the cells of the matrix are, and what of it is in sight; in CSS pixels. */
export interface MatrixLayout {
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Room for names at the left, and for rounds at the top. */
  readonly left: number;
  readonly top: number;
  /** The size of everything. */
  readonly width: number;
  readonly height: number;
}

export interface MatrixCell {
  readonly row: number;
  readonly column: number;
}

/** Heights of cells to choose from. */
export const ZOOMS = [1, 2, 4, 7, 10, 14, 18, 24] as const;

const WIDEST = 30;
const TOP = 20;

/** From this height on there is room for names and marks. */
export const READABLE = 10;

/** Cells are as high as the zoom says, and as wide as there is room, at least as wide as high. */
export function layMatrix(rows: number, columns: number, zoom: number, available: number): MatrixLayout {
  const cellHeight = ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, zoom))] ?? READABLE;
  const left = cellHeight < READABLE ? 8 : Math.min(130, Math.round(available / 3));
  const room = columns === 0 ? 0 : Math.floor(((available - left) / columns) * 4) / 4;
  const cellWidth = Math.max(cellHeight, Math.min(WIDEST, room));
  return { cellWidth, cellHeight, left, top: TOP, width: left + columns * cellWidth, height: TOP + rows * cellHeight };
}

/** The cell at a place of the visible part; a row or column of -1 is among the names or the rounds. */
export function cellAt(
  { cellWidth, cellHeight, left, top }: MatrixLayout,
  scroll: { readonly x: number; readonly y: number },
  x: number,
  y: number,
): MatrixCell {
  return {
    column: x < left ? -1 : Math.floor((x - left + scroll.x) / cellWidth),
    row: y < top ? -1 : Math.floor((y - top + scroll.y) / cellHeight),
  };
}

/** How far to scroll so that `at` to `at + size` is in sight. */
export function scrollTo(scroll: number, at: number, size: number, visible: number): number {
  if (at < scroll) return Math.max(0, at);
  return at + size > scroll + visible ? at + size - visible : scroll;
}

/** Rows that PageUp and PageDown go. */
const PAGE = 10;

/**
 * Where a key goes from a cell; undefined if it goes nowhere.
 *
 * @param from - undefined: no cell is pointed at, so any key goes to the first
 */
export function cellAfter(
  key: string,
  from: MatrixCell | undefined,
  first: MatrixCell,
  rows: number,
  columns: number,
): MatrixCell | undefined {
  const { row, column } = from ?? first;
  const to = (nextRow: number, nextColumn: number): MatrixCell => ({
    row: Math.max(0, Math.min(rows - 1, nextRow)),
    column: Math.max(0, Math.min(columns - 1, nextColumn)),
  });
  if (from === undefined && /^(Arrow|Page)/.test(key)) return to(row, column);
  switch (key) {
    case "ArrowUp":
      return to(row - 1, column);
    case "ArrowDown":
      return to(row + 1, column);
    case "ArrowLeft":
      return to(row, column - 1);
    case "ArrowRight":
      return to(row, column + 1);
    case "PageUp":
      return to(row - PAGE, column);
    case "PageDown":
      return to(row + PAGE, column);
    case "Home":
      return to(row, 0);
    case "End":
      return to(row, columns - 1);
    default:
      return undefined;
  }
}

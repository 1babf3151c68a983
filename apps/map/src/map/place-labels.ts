/** A rectangle on the screen. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A text that wants a place beside a mark. */
export interface LabelRequest {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  /** The mark's radius. */
  readonly radius: number;
  readonly width: number;
}

/** Where a text found room. */
export interface PlacedLabel {
  readonly text: string;
  readonly left: number;
  /** The middle of the line. */
  readonly middle: number;
}

/** Where labels may be. */
export interface LabelRoom {
  /** Whether labels may stand at a mark's side, else only below. */
  readonly beside: boolean;
  /** The map's width. */
  readonly width: number;
}

const HEIGHT = 13;
const GAP = 4;

/**
 * Finds room for labels beside, below or above their marks, first come first served; one that finds none is left out.
 *
 * @param taken - what they must not cover
 */
export function placeLabels(
  requests: readonly LabelRequest[],
  taken: readonly Box[],
  { beside, width }: LabelRoom,
): PlacedLabel[] {
  const boxes = [...taken];
  const placed: PlacedLabel[] = [];
  for (const request of requests) {
    const box = candidates(request, beside).find(
      (candidate) =>
        candidate.left >= 0 &&
        candidate.left + candidate.width <= width &&
        boxes.every((other) => !overlaps(candidate, other)),
    );
    if (box === undefined) continue;
    boxes.push(box);
    placed.push({ text: request.text, left: box.left, middle: box.top + box.height / 2 });
  }
  return placed;
}

function candidates({ x, y, radius, width }: LabelRequest, beside: boolean): Box[] {
  const box = (left: number, top: number): Box => ({ left, top, width, height: HEIGHT });
  const below = box(x - width / 2, y + radius + GAP - 1);
  if (!beside) return [below];
  return [
    box(x + radius + GAP, y - HEIGHT / 2),
    box(x - radius - GAP - width, y - HEIGHT / 2),
    below,
    box(x - width / 2, y - radius - GAP - HEIGHT + 1),
  ];
}

function overlaps(a: Box, b: Box): boolean {
  return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;
}

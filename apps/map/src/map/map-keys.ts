import { type MapView, ZOOM_STEP } from "./map-view.ts";
import type { Direction } from "./walk.ts";

/** How far a key moves the map, in CSS pixels. */
const PAN_STEP = 60;

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** What a key does to the map; undefined: nothing. In a grid arrows go from client to client without Shift, too. */
export function mapKeys(map: MapView, event: KeyboardEvent, isGrid: boolean): (() => void) | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const direction = DIRECTIONS[event.key];
  if (direction !== undefined) {
    const [dx, dy] = direction;
    return event.shiftKey || isGrid ? () => map.walk(direction) : () => map.panBy(-dx * PAN_STEP, -dy * PAN_STEP);
  }
  return {
    Enter: () => map.open(),
    "+": () => map.zoomBy(ZOOM_STEP),
    "=": () => map.zoomBy(ZOOM_STEP),
    "-": () => map.zoomBy(1 / ZOOM_STEP),
    "0": () => map.fit(),
  }[event.key];
}

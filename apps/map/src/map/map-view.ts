import { drawBasemap } from "./basemap.ts";
import { type Camera, type CameraLimits, fitCamera, keepInside, type Size, zoomAt } from "./camera.ts";
import { drawFlows, drawPackets, placeFlows, type ScreenFlow } from "./draw-flows.ts";
import { drawLabels } from "./draw-labels.ts";
import { drawMarks, drawServer } from "./draw-marks.ts";
import { listenToGestures } from "./gestures.ts";
import type { Palette } from "./palette.ts";
import type { Point } from "./plane.ts";
import type { Scene } from "./scene.ts";
import { markAt, placeMarks, type ScreenMarks } from "./screen-marks.ts";

/** What the map tells the page. Marks are indices in the roster. */
export interface MapListener {
  onHover(mark: number | undefined, at: Point): void;
  onSelect(mark: number): void;
}

/** A map on canvases: the Earth, the marks upon it, and on top what moves. */
export interface MapView {
  show(scene: Scene): void;
  setPalette(palette: Palette): void;
  /** The mark to ring, undefined for none. */
  setSelected(mark: number | undefined): void;
  /** Whether packets travel. */
  setAnimated(animated: boolean): void;
  zoomBy(factor: number): void;
  /** Shows all clients, and keeps to them until somebody moves the map. */
  fit(): void;
  /** Goes to the next or the previous mark, as the keyboard does. */
  moveHover(step: 1 | -1): void;
  /** Selects the mark that is pointed at. */
  selectHovered(): void;
  close(): void;
}

/** The canvases of a map, one above the other. */
export interface MapLayers {
  readonly base: HTMLCanvasElement;
  readonly marks: HTMLCanvasElement;
  /** The topmost one, which also takes gestures. */
  readonly motion: HTMLCanvasElement;
}

const PADDING = 45;
/** Room for what stands above the grid. */
const GRID_PADDING = 50;
/** How much closer than the whole Earth one may look. */
const MAX_ZOOM = 32;
/** How close the map goes by itself. */
const MAX_FIT_ZOOM = 5;

/** Starts drawing on canvases, which fill their parent. */
export function createMapView(layers: MapLayers, firstPalette: Palette, listener: MapListener): MapView {
  const contexts = { base: contextOf(layers.base), marks: contextOf(layers.marks), motion: contextOf(layers.motion) };
  let palette = firstPalette;
  let scene: Scene | undefined;
  let size: Size = { width: 0, height: 0 };
  let ratio = 1;
  let camera: Camera = { k: 1, x: 0, y: 0 };
  let limits: CameraLimits | undefined;
  let fitted = true;
  let marks: ScreenMarks | undefined;
  let flows: readonly ScreenFlow[] = [];
  let hovered: number | undefined;
  let selected: number | undefined;
  let animated = false;
  let frame: number | undefined;
  const stale = { base: true, marks: true };

  function invalidate(): void {
    frame ??= requestAnimationFrame(draw);
  }

  function invalidateAll(): void {
    stale.base = true;
    stale.marks = true;
    invalidate();
  }

  function draw(time: number): void {
    frame = undefined;
    if (scene === undefined || size.width === 0) return;
    if (stale.base) drawBase(scene);
    if (stale.marks) drawScene(scene);
    stale.base = false;
    stale.marks = false;
    drawMotion(time);
    if (animated && flows.length > 0) invalidate();
  }

  function drawBase(current: Scene): void {
    clear(contexts.base);
    if (current.layout.kind === "world") drawBasemap(contexts.base, camera, ratio, palette);
  }

  function drawScene(current: Scene): void {
    marks = placeMarks(current, camera, limits === undefined ? 1 : camera.k / limits.minK, size);
    flows = placeFlows(current, marks, camera, { x: size.width / 2, y: size.height - 14 });
    clear(contexts.marks);
    drawFlows(contexts.marks, flows, palette);
    drawServer(contexts.marks, marks, palette);
    drawMarks(contexts.marks, current, marks, palette, ratio);
    drawLabels(contexts.marks, current, marks, camera, size, palette);
  }

  function drawMotion(time: number): void {
    clear(contexts.motion);
    if (animated) drawPackets(contexts.motion, flows, palette, time);
    if (selected !== undefined) ring(selected, 2.5);
    if (hovered !== undefined) ring(hovered, 1.5);
  }

  function ring(mark: number, width: number): void {
    const x = marks?.x[mark];
    const y = marks?.y[mark];
    if (x === undefined || y === undefined || Number.isNaN(x)) return;
    contexts.motion.strokeStyle = palette.text;
    contexts.motion.lineWidth = width;
    contexts.motion.beginPath();
    contexts.motion.arc(x, y, (marks?.radius[mark] ?? 0) + 5, 0, 2 * Math.PI);
    contexts.motion.stroke();
  }

  function clear(context: CanvasRenderingContext2D): void {
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
  }

  function resize(): void {
    const box = layers.motion.getBoundingClientRect();
    size = { width: box.width, height: box.height };
    ratio = Math.min(devicePixelRatio, 2);
    for (const canvas of Object.values(layers)) {
      canvas.width = Math.round(box.width * ratio);
      canvas.height = Math.round(box.height * ratio);
    }
    findLimits();
  }

  function findLimits(): void {
    if (scene === undefined || size.width === 0) return;
    const { bounds, focus, kind } = scene.layout;
    const minK = fitCamera(bounds, size, kind === "grid" ? GRID_PADDING : 6).k;
    limits = { bounds, minK, maxK: minK * MAX_ZOOM };
    if (fitted) {
      const close = fitCamera(focus, size, PADDING);
      const k = Math.min(Math.max(close.k, minK), minK * MAX_FIT_ZOOM);
      camera = zoomAt(close, { x: size.width / 2, y: size.height / 2 }, k / close.k, { ...limits, minK: 0 });
    }
    moveTo(camera);
  }

  function moveTo(next: Camera): void {
    if (limits === undefined) return;
    camera = keepInside(zoomAt(next, { x: size.width / 2, y: size.height / 2 }, 1, limits), size, limits.bounds);
    // While everything is in sight a finger scrolls the page.
    hover(undefined);
    layers.motion.style.touchAction = camera.k > limits.minK * 1.02 ? "none" : "pan-y";
    invalidateAll();
  }

  function zoom(at: Point, factor: number): boolean {
    if (limits === undefined) return false;
    const before = camera.k;
    moveTo(zoomAt(camera, at, factor, limits));
    if (camera.k === before) return false;
    fitted = false;
    return true;
  }

  function hover(mark: number | undefined): void {
    if (mark === hovered) return;
    hovered = mark;
    layers.motion.style.cursor = mark === undefined ? "grab" : "pointer";
    listener.onHover(mark, { x: marks?.x[mark ?? -1] ?? 0, y: marks?.y[mark ?? -1] ?? 0 });
    invalidate();
  }

  const stopGestures = listenToGestures(layers.motion, {
    onPan(dx, dy) {
      fitted = false;
      moveTo({ k: camera.k, x: camera.x + dx, y: camera.y + dy });
    },
    onZoom: zoom,
    onHover(at) {
      hover(at === undefined || marks === undefined ? undefined : markAt(marks, at.x, at.y));
    },
    onTap(at) {
      const mark = marks === undefined ? undefined : markAt(marks, at.x, at.y);
      if (mark !== undefined) listener.onSelect(mark);
    },
  });
  const observer = new ResizeObserver(resize);
  observer.observe(layers.motion);

  return {
    show(next) {
      const moved = scene?.layout !== next.layout;
      scene = next;
      if (moved) findLimits();
      stale.marks = true;
      invalidate();
    },
    setPalette(next) {
      palette = next;
      invalidateAll();
    },
    setSelected(mark) {
      selected = mark;
      invalidate();
    },
    setAnimated(next) {
      animated = next;
      invalidate();
    },
    zoomBy(factor) {
      zoom({ x: size.width / 2, y: size.height / 2 }, factor);
    },
    fit() {
      fitted = true;
      findLimits();
    },
    moveHover(step) {
      const all = marks;
      if (all === undefined) return;
      const count = all.x.length;
      for (let tried = 1, mark = hovered ?? (step > 0 ? -1 : count); tried <= count; tried++) {
        mark = (mark + step + count) % count;
        if (!Number.isNaN(all.x[mark])) return hover(mark);
      }
    },
    selectHovered() {
      if (hovered !== undefined) listener.onSelect(hovered);
    },
    close() {
      stopGestures();
      observer.disconnect();
      if (frame !== undefined) cancelAnimationFrame(frame);
    },
  };
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser has no canvas");
  return context;
}

import type { Look } from "../page-state.ts";
import { type Camera, type CameraLimits, keepInside, NO_INSETS, type Size, zoomAt } from "./camera.ts";
import type { Cluster } from "./clusters.ts";
import { listenToGestures } from "./gestures.ts";
import { createBasemapLayer } from "./layers/basemap-layer.ts";
import { clustersLayer } from "./layers/clusters-layer.ts";
import { createDotsLayer } from "./layers/dots-layer.ts";
import { flowsLayer } from "./layers/flows-layer.ts";
import { highlightLayer, targetOfClient } from "./layers/highlight-layer.ts";
import { labelsLayer } from "./layers/labels-layer.ts";
import { type Layer, type LayerContext, SURFACES, type Surface, type Target } from "./layers/layer.ts";
import { createMarksLayer } from "./layers/marks-layer.ts";
import { packetsLayer } from "./layers/packets-layer.ts";
import { serverLayer } from "./layers/server-layer.ts";
import { cameraAt, centerOf, closeUp, fitScene, limitsOf, lookOf, middleOfSize, turn } from "./navigation.ts";
import { insetsOf } from "./overlays.ts";
import type { Paint, Palette } from "./palette.ts";
import type { Box } from "./place-labels.ts";
import { type Placed, placeSpots } from "./placed.ts";
import type { LngLat } from "./places.ts";
import type { Point } from "./plane.ts";
import { createProjector, equalEarth, type Projection, projectionOf } from "./projections.ts";
import { type Route, routesOf } from "./routes.ts";
import type { Scene } from "./scene.ts";
import type { View } from "./view.ts";
import { type Direction, nextSite } from "./walk.ts";

/** What the map tells the page. */
export interface MapListener {
  /** Something is pointed at; undefined: nothing is any longer. */
  onPoint(pointed: Pointed | undefined): void;
  onSelect(client: number): void;
  /** The map looks at something else; undefined: it keeps to all clients. */
  onLook(look: Look | undefined): void;
}

/** A client or a cluster, and where it is in the map, in CSS pixels. */
export interface Pointed {
  readonly client: number;
  readonly cluster: Cluster | undefined;
  readonly at: Point;
}

/** A map on canvases. It draws when something has changed, and otherwise does nothing. */
export interface MapView {
  show(scene: Scene): void;
  setPalette(palette: Palette, paint: Paint): void;
  /** The client to ring, undefined for none. */
  setSelected(client: number | undefined): void;
  /** Whether packets travel. */
  setAnimated(animated: boolean): void;
  zoomBy(factor: number): void;
  /** Moves what is seen, by CSS pixels; turns a globe. */
  panBy(dx: number, dy: number): void;
  /** Shows all clients, and keeps to them until somebody moves the map. */
  fit(): void;
  /** Looks at a place; undefined: at all clients. */
  look(at: Look | undefined): void;
  /** What lies upon the map, and must cover nothing. */
  setOverlays(boxes: readonly Box[]): void;
  /** Points at the next site in a direction. */
  walk(direction: Direction): void;
  /** Points at nothing. */
  leave(): void;
  /** Opens the client that is pointed at, or zooms to the members of a cluster. */
  open(): void;
  close(): void;
}

/** The canvases of a map, one above the other. The topmost takes gestures. */
export type MapCanvases = Readonly<Record<Surface, HTMLCanvasElement>>;

/** A canvas with more pixels takes longer to draw than anybody would see. */
const MAX_RATIO = 2;
const DOCK_HEIGHT = 14;
/** How much closer one step goes. */
export const ZOOM_STEP = 1.6;

/** Starts drawing on canvases, which fill their parent. */
export function createMapView(canvases: MapCanvases, colors: [Palette, Paint], listener: MapListener): MapView {
  const layers: readonly Layer[] = [
    createBasemapLayer(),
    createDotsLayer(),
    flowsLayer,
    serverLayer,
    createMarksLayer(),
    clustersLayer,
    labelsLayer,
    packetsLayer,
    highlightLayer,
  ];
  const contexts = {
    earth: contextOf(canvases.earth),
    dots: contextOf(canvases.dots),
    marks: contextOf(canvases.marks),
    motion: contextOf(canvases.motion),
  };
  const project = createProjector();
  const projectStill = createProjector();
  const stale = new Set<Surface>();
  let [palette, paint] = colors;
  let scene: Scene | undefined;
  let projection: Projection = equalEarth;
  let size: Size = { width: 0, height: 0 };
  let ratio = 1;
  let camera: Camera = { k: 1, x: 0, y: 0 };
  let limits: CameraLimits | undefined;
  let fitted = true;
  /** Where it looks, unless it keeps to all clients: it stays there when its size changes. */
  let looked: Look | undefined;
  let overlays: readonly Box[] = [];
  let insets = NO_INSETS;
  let placed: Placed | undefined;
  let routes: readonly Route[] = [];
  let routesCamera: Camera | undefined;
  let pointed: number | undefined;
  let selected: number | undefined;
  let animated = false;
  let frame: number | undefined;

  function invalidate(...surfaces: readonly Surface[]): void {
    for (const surface of surfaces) stale.add(surface);
    frame ??= requestAnimationFrame(draw);
  }

  function viewOf(current: Scene): View {
    const positions = current.grid?.positions ?? project(current.places, projection);
    return {
      projection: current.grid === undefined ? projection : undefined,
      camera,
      size,
      ratio,
      maxK: limits?.maxK ?? camera.k,
      positions,
      still: projection.center === undefined ? positions : projectStill(current.places, equalEarth),
    };
  }

  function draw(time: number): void {
    frame = undefined;
    if (scene === undefined || limits === undefined) return;
    const shared = contextFor(scene, time);
    for (const surface of SURFACES) if (stale.has(surface)) drawSurface(surface, shared);
    stale.clear();
    if (animated && routes.length > 0) invalidate("motion");
  }

  /** Everything but the canvas, up to date. */
  function contextFor(current: Scene, time?: number): Omit<LayerContext, "canvas"> {
    const view = viewOf(current);
    const dense = placed?.dense;
    const next = placeSpots(current, view, placed);
    const docked = current.server === undefined && current.flows.length > 0;
    if (next !== placed || (docked && camera !== routesCamera)) {
      const dock = { x: size.width / 2 - camera.x, y: size.height - DOCK_HEIGHT - camera.y };
      routes = routesOf(current, next, view, dock);
      routesCamera = camera;
      if (dense === true && !next.dense) stale.add("dots");
    }
    placed = next;
    const context = { scene: current, view, placed, routes, palette, paint, selected, overlays };
    const canvas = contexts.motion;
    const bare = { ...context, canvas, pointed: undefined, time: undefined };
    const target = pointed === undefined ? undefined : targetOfClient(bare, pointed);
    return { ...context, pointed: target, time: animated ? time : undefined };
  }

  function drawSurface(surface: Surface, shared: Omit<LayerContext, "canvas">): void {
    const canvas = contexts[surface];
    // Dots are written over all that was.
    if (surface !== "dots" || !shared.placed.dense) {
      canvas.setTransform(1, 0, 0, 1, 0, 0);
      canvas.clearRect(0, 0, canvas.canvas.width, canvas.canvas.height);
    }
    // On whole pixels, so that what is copied is not blurred.
    canvas.setTransform(ratio, 0, 0, ratio, Math.round(camera.x * ratio), Math.round(camera.y * ratio));
    for (const layer of layers) if (layer.surface === surface) layer.draw({ ...shared, canvas });
  }

  function resize(): void {
    const box = canvases.motion.getBoundingClientRect();
    size = { width: box.width, height: box.height };
    ratio = Math.min(devicePixelRatio, MAX_RATIO);
    for (const surface of SURFACES) {
      canvases[surface].width = Math.round(box.width * ratio);
      canvases[surface].height = Math.round(box.height * ratio);
    }
    placed = undefined;
    findLimits();
    // What was on them is gone, and the next frame would be too late.
    if (frame !== undefined) cancelAnimationFrame(frame);
    draw(performance.now());
  }

  function findLimits(): void {
    if (scene === undefined || size.width === 0) return;
    if (projection.name !== scene.projection) projection = projectionOf(scene.projection, [0, 0]);
    if (fitted && projection.center !== undefined) {
      projection = projectionOf("globe", centerOf(scene.places, scene.server));
    }
    insets = insetsOf(overlays, size);
    limits = limitsOf(scene, projection, size, insets);
    if (fitted) camera = fitScene(scene, projection, viewOf(scene).positions, size, limits, insets);
    else if (looked !== undefined && scene.grid === undefined) {
      if (projection.center !== undefined) projection = projectionOf("globe", [looked.lng, looked.lat]);
      camera = cameraAt(looked, projection, size, limits);
    }
    moveTo(camera);
  }

  function moveTo(next: Camera): void {
    if (limits === undefined) return;
    camera = keepInside(zoomAt(next, middleOfSize(size), 1, limits), size, limits.bounds, insets);
    looked = fitted || scene?.grid !== undefined ? undefined : lookOf(projection, camera, size, limits);
    listener.onLook(looked);
    point(undefined);
    // While everything is in sight a finger scrolls the page.
    canvases.motion.style.touchAction = camera.k > limits.minK * 1.02 ? "none" : "pan-y";
    invalidate("earth", "marks", "motion");
    if (placed?.dense !== false) invalidate("dots");
  }

  function panBy(dx: number, dy: number): void {
    fitted = false;
    if (projection.center === undefined || scene?.grid !== undefined) {
      moveTo({ k: camera.k, x: camera.x + dx, y: camera.y + dy });
    } else turnTo(turn(projection.center, dx, dy, camera.k));
  }

  function turnTo(center: LngLat): void {
    projection = projectionOf("globe", center);
    moveTo(camera);
  }

  function zoom(at: Point, factor: number): boolean {
    if (limits === undefined) return false;
    const before = camera.k;
    const wasFitted = fitted;
    fitted = false;
    const isGlobe = scene?.grid === undefined && projection.center !== undefined;
    moveTo(zoomAt(camera, isGlobe ? middleOfSize(size) : at, factor, limits));
    if (camera.k !== before) return true;
    fitted = wasFitted;
    moveTo(camera);
    return false;
  }

  function point(target: Target | undefined): void {
    if (target?.client === pointed) return;
    pointed = target?.client;
    canvases.motion.style.cursor = target === undefined ? "grab" : "pointer";
    listener.onPoint(
      target && {
        client: target.client,
        cluster: placed?.spots.clusters[target.spot ?? -1],
        at: { x: target.x + camera.x, y: target.y + camera.y },
      },
    );
    invalidate("motion");
  }

  function targetAt(at: Point): Target | undefined {
    if (scene === undefined || limits === undefined) return undefined;
    const context = { ...contextFor(scene), canvas: contexts.motion };
    const onPlane = { x: at.x - camera.x, y: at.y - camera.y };
    return layers.reduceRight<Target | undefined>((found, layer) => found ?? layer.pick?.(context, onPlane), undefined);
  }

  function openTarget(client: number): void {
    const cluster = placed?.spots.clusters[placed.spotOf(client)];
    if (cluster === undefined || limits === undefined || scene === undefined) listener.onSelect(client);
    else if (camera.k >= limits.maxK) listener.onSelect(gravestOf(cluster, scene));
    else openCluster(cluster, client, scene, limits);
  }

  function openCluster({ members }: Cluster, client: number, current: Scene, within: CameraLimits): void {
    const { places } = current;
    fitted = false;
    const next = closeUp(members, viewOf(current).still, camera, size, within);
    if (projection.center === undefined) moveTo(next);
    else {
      projection = projectionOf("globe", [places.lng[client] ?? 0, places.lat[client] ?? 0]);
      moveTo(zoomAt(camera, middleOfSize(size), next.k / camera.k, within));
    }
  }

  const stopGestures = listenToGestures(canvases.motion, {
    onPan: panBy,
    onZoom: zoom,
    onHover: (at) => point(at === undefined ? undefined : targetAt(at)),
    onTap(at) {
      const target = targetAt(at);
      if (target !== undefined) openTarget(target.client);
    },
  });
  const observer = new ResizeObserver(resize);
  observer.observe(canvases.motion);

  return {
    show(next) {
      const before = scene;
      scene = next;
      const isElsewhere = before?.projection !== next.projection;
      // At first it looks where it was told to, if it was.
      if (isElsewhere && before !== undefined) fitted = true;
      const moved = before?.places !== next.places || before.grid !== next.grid;
      if (isElsewhere || moved || before?.server?.join() !== next.server?.join()) findLimits();
      // Another round is on the same Earth.
      if (isElsewhere || moved || before?.borders !== next.borders) invalidate("earth");
      invalidate("dots", "marks", "motion");
    },
    setPalette(nextPalette, nextPaint) {
      palette = nextPalette;
      paint = nextPaint;
      invalidate(...SURFACES);
    },
    setSelected(client) {
      selected = client;
      invalidate("motion");
    },
    setAnimated(next) {
      animated = next;
      invalidate("motion");
    },
    zoomBy(factor) {
      zoom(middleOfSize(size), factor);
    },
    panBy,
    fit() {
      fitted = true;
      findLimits();
    },
    look(at) {
      looked = at;
      fitted = at === undefined;
      findLimits();
    },
    setOverlays(boxes) {
      overlays = boxes;
      findLimits();
    },
    walk(direction) {
      if (scene === undefined || limits === undefined) return;
      const target = nextSite({ ...contextFor(scene), canvas: contexts.motion }, direction);
      if (target === undefined) return;
      bringIntoSight(target);
      point(targetOfClient({ ...contextFor(scene), canvas: contexts.motion }, target.client));
    },
    leave() {
      point(undefined);
    },
    open() {
      if (pointed !== undefined) openTarget(pointed);
    },
    close() {
      stopGestures();
      observer.disconnect();
      if (frame !== undefined) cancelAnimationFrame(frame);
    },
  };

  function bringIntoSight({ x, y }: Target): void {
    const over = (at: number, length: number): number => Math.min(0, length - EDGE - at) + Math.max(0, EDGE - at);
    const [dx, dy] = [over(x + camera.x, size.width), over(y + camera.y, size.height)];
    if (dx !== 0 || dy !== 0) panBy(dx, dy);
  }
}

/** A site that was gone to is not nearer to the map's edge than this, in CSS pixels. */
const EDGE = 40;

function gravestOf({ members }: Cluster, { status }: Scene): number {
  return members.reduce((one, other) => ((status[other] ?? 0) < (status[one] ?? 0) ? other : one));
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser has no canvas");
  return context;
}

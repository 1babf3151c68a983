import { effect, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { saveFile } from "../charts/save-file.ts";
import { STATUS_LABELS } from "../data/statuses.ts";
import { statusOf } from "../data/table-fields.ts";
import { plural } from "../format.ts";
import type { Look } from "../page-state.ts";
import { type Session, useSession } from "../session.ts";
import { theme, themeColor } from "../theme.ts";
import { FitIcon, MinusIcon, PlusIcon } from "../ui/icons.tsx";
import { lazily } from "../ui/lazily.tsx";
import { placeName } from "../ui/place-name.ts";
import { ServerMark } from "../ui/status-mark.tsx";
import { clientValues, ROUND_SHARE } from "./client-values.ts";
import { surfaceAttributes } from "./describe-scene.ts";
import { FlowLegend, Legend } from "./legend.tsx";
import { MapHead } from "./map-head.tsx";
import { mapKeys } from "./map-keys.ts";
import { createMapView, type MapCanvases, type MapView, type Pointed, ZOOM_STEP } from "./map-view.ts";
import { watchOverlays } from "./overlays.ts";
import { type Paint, type Palette, paintOf, readPalette } from "./palette.ts";
import { createSceneBuilder, type Scene } from "./scene.ts";
import { UnlocatedTray } from "./unlocated-tray.tsx";

const MarkTooltip = lazily(async () => (await import("./mark-tooltip.tsx")).MarkTooltip, null);

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** The address follows a map that has not moved for so long. */
const LOOK_MS = 200;

/** The map of the shown round; a grid of the clients where none of them has a place. */
export function MapPanel() {
  const session = useSession();
  const { data, state, player } = session;
  const earth = useRef<HTMLCanvasElement>(null);
  const dots = useRef<HTMLCanvasElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  const motion = useRef<HTMLCanvasElement>(null);
  const looked = useRef<Look | undefined>(undefined);
  const map = useSignal<MapView | undefined>(undefined);
  const pointed = useSignal<Pointed | undefined>(undefined);
  const sceneOf = useMemo(createSceneBuilder, []);
  // With each round that is read all of the run is told anew, which must not draw the map for nothing.
  const lat = useComputed(() => data.overview.value.server?.lat);
  const lng = useComputed(() => data.overview.value.server?.lng);
  const scene = useComputed(() => sceneOf(sceneSource(session, { lat: lat.value, lng: lng.value })));
  // The Earth is drawn with the clients on it: without them it would have to be drawn again, elsewhere.
  const isKnown = useComputed(() => session.table.value !== undefined || data.connection.value.phase !== "loading");

  const frame = useRef<HTMLDivElement>(null);
  const { grid, flows, server, count, places } = scene.value;
  const overlays = [grid === undefined, flows.length > 0, server === undefined, count > places.located].join();

  // Before the map itself, so that it knows what lies upon it when it is drawn at first.
  useLayoutEffect(() => {
    if (frame.current === null) return undefined;
    return watchOverlays(frame.current, (boxes) => map.value?.setOverlays(boxes));
  }, [map, overlays]);

  useLayoutEffect(() => {
    const canvases = canvasesOf(earth.current, dots.current, marks.current, motion.current);
    if (canvases === undefined) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const created = createMapView(canvases, readColors(), {
      onPoint(next) {
        pointed.value = next;
      },
      onSelect: (client) => openClient(session, client),
      onLook(look) {
        // While it moves nobody needs to know where it is.
        clearTimeout(timer);
        timer = setTimeout(() => {
          looked.current = look;
          state.at.value = look;
        }, LOOK_MS);
      },
    });
    map.value = created;
    return () => {
      clearTimeout(timer);
      created.close();
    };
  }, [map, pointed, session]);

  // At once, and so drawn in the same frame as all else: signals' own effects wait for the next one.
  useLayoutEffect(
    () =>
      effect(() => {
        if (isKnown.value) map.value?.show(scene.value);
      }),
    [isKnown, map, scene],
  );
  useSignalEffect(() => {
    const { client: id } = state;
    const client = id.value === undefined ? -1 : data.clients.value.indexOf(id.value);
    map.value?.setSelected(client < 0 ? undefined : client);
  });
  useSignalEffect(() => {
    const at = state.at.value;
    if (map.value === undefined || at === looked.current) return;
    looked.current = at;
    map.value.look(at);
  });
  useSignalEffect(() => map.value?.setAnimated(player.moving.value && !reducedMotion.matches));
  useSignalEffect(() => {
    if (theme.value) map.value?.setPalette(...readColors());
  });

  const save = async (): Promise<void> => {
    const canvases = canvasesOf(earth.current, dots.current, marks.current, motion.current);
    if (canvases === undefined) return;
    const [palette, paint] = readColors();
    const title = [session.runId, scene.value.table && `round ${scene.value.table.round}`].filter(Boolean).join(" · ");
    const { mapPicture } = await import("./map-picture.ts");
    const picture = await mapPicture({ canvases, scene: scene.value, palette, paint, title });
    saveFile(`${session.runId}-map.png`, picture);
  };

  const current = scene.value;
  const isGrid = current.grid !== undefined;
  return (
    <section class="panel map-panel" aria-label={isGrid ? "Clients, none of which has a place" : "Map"}>
      <MapHead isGrid={isGrid} onSave={save} />
      <div class="map-frame" ref={frame}>
        {/* The table of clients tells the same in words. */}
        <div
          class="map-surface"
          data-testid="map-canvas"
          data-layout={isGrid ? "grid" : "world"}
          role="application"
          {...surfaceAttributes(current)}
          onKeyDown={(event) => {
            const act = map.value === undefined ? undefined : mapKeys(map.value, event, isGrid);
            if (act === undefined) return;
            // The same keys move the replay.
            event.preventDefault();
            event.stopPropagation();
            act();
          }}
          onBlur={() => map.value?.leave()}
        >
          <canvas ref={earth} />
          <canvas ref={dots} />
          <canvas ref={marks} />
          <canvas ref={motion} class="map-motion" />
        </div>
        <ServerPlace scene={current} />
        <FlowLegend scene={current} />
        {!isGrid && <UnlocatedTray scene={current} onOpen={(client) => openClient(session, client)} />}
        <MapButtons map={map.value} />
        <EmptyMap count={current.count} />
        {pointed.value !== undefined && (
          <MarkTooltip
            pointed={pointed.value}
            scene={current}
            value={coloringValue(session, current, pointed.value.client)}
            width={motion.current?.clientWidth ?? 0}
          />
        )}
        <p class="map-spoken" aria-live="polite">
          {pointed.value === undefined ? "" : nameOf(current, pointed.value)}
        </p>
      </div>
      <Legend scene={current} />
    </section>
  );
}

function sceneSource({ data, state, table, matches }: Session, server: Readonly<Record<string, unknown>>) {
  const colorBy = state.colorBy.value;
  return {
    clients: data.clients.value,
    table: table.value,
    // What changes with every round that is read must not draw the map anew for nothing.
    tally: colorBy === ROUND_SHARE ? data.tally.value : undefined,
    server,
    matches: matches.value,
    colorBy,
    projection: state.projection.value,
    borders: state.borders.value,
    groupBy: state.groupBy.value,
  };
}

function openClient({ data, state }: Session, client: number): void {
  state.client.value = data.clients.peek().ids[client];
}

function coloringValue({ data }: Session, { scale, count, table }: Scene, client: number): number | undefined {
  if (scale === undefined) return undefined;
  const { values, present } = clientValues(scale.field, { count, table, tally: data.tally.peek() });
  return present[client] === 1 ? values[client] : undefined;
}

function nameOf({ clients, table }: Scene, { client, cluster }: Pointed): string {
  if (cluster !== undefined) return plural(cluster.count, "client");
  const parts = [clients.ids[client], clients.city[client], STATUS_LABELS[statusOf(table, client)]];
  return parts.filter((part) => part !== undefined && part !== "").join(", ");
}

function canvasesOf(...canvases: readonly (HTMLCanvasElement | null)[]): MapCanvases | undefined {
  const [earth, dots, marks, motion] = canvases;
  return earth && dots && marks && motion ? { earth, dots, marks, motion } : undefined;
}

function readColors(): [Palette, Paint] {
  const palette = readPalette(themeColor);
  return [palette, paintOf(palette, theme.peek() === "dark")];
}

function ServerPlace({ scene }: { scene: Scene }) {
  const { server } = useSession().data.overview.value;
  const isLocated = scene.server !== undefined;
  // Of a run that has not begun nobody can tell what is unknown.
  if (scene.count === 0 && !isLocated) return null;
  const isKnown = isLocated || scene.grid !== undefined;
  const place = placeName(server);
  return (
    <div
      class={`server-place ${isKnown ? "known" : "docked"}`}
      data-overlay
      data-testid="server-place"
      data-located={isLocated}
    >
      <ServerMark />
      <span class="server-name">
        {isLocated ? "server" : "server (place unknown)"}
        {isLocated && place !== undefined && ` · ${place}`}
      </span>
    </div>
  );
}

function MapButtons({ map }: { map: MapView | undefined }) {
  return (
    <div class="map-buttons" data-overlay>
      <button type="button" class="icon-button" aria-label="Zoom in" onClick={() => map?.zoomBy(ZOOM_STEP)}>
        <PlusIcon />
      </button>
      <button type="button" class="icon-button" aria-label="Zoom out" onClick={() => map?.zoomBy(1 / ZOOM_STEP)}>
        <MinusIcon />
      </button>
      <button type="button" class="icon-button" aria-label="Fit all clients" onClick={() => map?.fit()}>
        <FitIcon />
      </button>
    </div>
  );
}

function EmptyMap({ count }: { count: number }) {
  const { phase } = useSession().data.connection.value;
  if (count > 0) return null;
  return <p class="map-empty">{phase === "loading" ? "Loading the run…" : "No client has been heard of yet"}</p>;
}

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { RunModel } from "../model/run-model.ts";
import { useSession } from "../session.ts";
import { theme } from "../theme.ts";
import { FitIcon, MinusIcon, PlusIcon } from "../ui/icons.tsx";
import { placeName } from "../ui/place-name.ts";
import { ServerMark } from "../ui/status-mark.tsx";
import { Legend } from "./legend.tsx";
import { createMapView, type MapView } from "./map-view.ts";
import { MarkTooltip } from "./mark-tooltip.tsx";
import { readPalette } from "./palette.ts";
import type { Point } from "./plane.ts";
import { createSceneBuilder } from "./scene.ts";
import { layOutSites, type SiteLayout } from "./site-layout.ts";
import { UnlocatedTray } from "./unlocated-tray.tsx";

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
const ZOOM_STEP = 1.6;

/** The map of the shown round; a grid of the clients where none of them has a place. */
export function MapPanel() {
  const { snapshot, view, player, selected } = useSession();
  const base = useRef<HTMLCanvasElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  const motion = useRef<HTMLCanvasElement>(null);
  const map = useSignal<MapView | undefined>(undefined);
  const hovered = useSignal<{ mark: number; at: Point } | undefined>(undefined);
  const layoutOf = useMemo(createLayoutCache, []);
  const sceneOf = useMemo(createSceneBuilder, []);
  const layout = useComputed(() => layoutOf(snapshot.value.model));

  useLayoutEffect(() => {
    if (base.current === null || marks.current === null || motion.current === null) return undefined;
    const created = createMapView(
      { base: base.current, marks: marks.current, motion: motion.current },
      readPalette(document.documentElement),
      {
        onHover(mark, at) {
          hovered.value = mark === undefined ? undefined : { mark, at };
        },
        onSelect(mark) {
          selected.value = snapshot.peek().model.roster[mark];
        },
      },
    );
    map.value = created;
    return () => created.close();
  }, [map, hovered, selected, snapshot]);

  useSignalEffect(() => map.value?.show(sceneOf(snapshot.value.model, layout.value, view.value)));
  useSignalEffect(() => {
    const id = selected.value;
    map.value?.setSelected(id === undefined ? undefined : snapshot.value.model.rosterIndex.get(id));
  });
  useSignalEffect(() => map.value?.setAnimated(player.moving.value && !reducedMotion.matches));
  useSignalEffect(() => {
    if (theme.value) map.value?.setPalette(readPalette(document.documentElement));
  });

  const { kind, unlocated } = layout.value;
  const { server } = snapshot.value.model.state;
  const located = layout.value.server !== undefined;
  return (
    <section class="panel map-panel" aria-label={kind === "grid" ? "Clients, none of which has a place" : "Map"}>
      <div class="map-frame">
        <canvas ref={base} />
        <canvas ref={marks} />
        {/* The table of clients tells the same in words. */}
        <canvas
          ref={motion}
          class="map-motion"
          data-testid="map-canvas"
          data-layout={kind}
          tabIndex={0}
          aria-label="Clients of the shown round. Up and down go through them, Enter opens one, plus and minus zoom, 0 fits. The table of clients holds the same."
          onKeyDown={(event) => {
            const act = keyActions(map.value)[event.key];
            if (act === undefined) return;
            event.preventDefault();
            act();
          }}
        />
        <div
          class={`server-place ${located || kind === "grid" ? "known" : "docked"}`}
          data-testid="server-place"
          data-located={located}
        >
          <ServerMark />
          {located ? `server${serverSuffix(server)}` : "server (place unknown)"}
        </div>
        <UnlocatedTray unlocated={unlocated} />
        <div class="map-buttons">
          <button type="button" class="icon-button" aria-label="Zoom in" onClick={() => map.value?.zoomBy(ZOOM_STEP)}>
            <PlusIcon />
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label="Zoom out"
            onClick={() => map.value?.zoomBy(1 / ZOOM_STEP)}
          >
            <MinusIcon />
          </button>
          <button type="button" class="icon-button" aria-label="Fit all clients" onClick={() => map.value?.fit()}>
            <FitIcon />
          </button>
        </div>
        {hovered.value !== undefined && (
          <MarkTooltip
            index={hovered.value.mark}
            at={hovered.value.at}
            flip={hovered.value.at.x > (motion.current?.clientWidth ?? 0) / 2}
          />
        )}
      </div>
      <Legend flows={kind === "world"} />
    </section>
  );
}

function keyActions(map: MapView | undefined): Record<string, () => void> {
  if (map === undefined) return {};
  return {
    ArrowDown: () => map.moveHover(1),
    ArrowUp: () => map.moveHover(-1),
    Enter: () => map.selectHovered(),
    "+": () => map.zoomBy(ZOOM_STEP),
    "-": () => map.zoomBy(1 / ZOOM_STEP),
    "0": () => map.fit(),
  };
}

function serverSuffix(server: { city?: unknown; country?: unknown } | undefined): string {
  const name = placeName(server);
  return name === undefined ? "" : ` · ${name}`;
}

/** Places change seldom, and laying them out takes longer than judging a round. */
function createLayoutCache(): (model: RunModel) => SiteLayout {
  let last: { model: RunModel; key: string; layout: SiteLayout } | undefined;
  return (model) => {
    const key = `${model.placesRevision},${model.roster.length}`;
    if (last?.model !== model || last.key !== key) last = { model, key, layout: layOutSites(model) };
    return last.layout;
  };
}

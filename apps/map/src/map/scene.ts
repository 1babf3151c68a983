import type { Clients, RoundTable, Tally } from "../data/run-data.ts";
import type { Projection as ProjectionName } from "../page-state.ts";
import { BYTES, clientValues, ROUND_SHARE } from "./client-values.ts";
import { type ColorScale, DIMMED, scaleOf } from "./color-scale.ts";
import { drawingOrder } from "./drawing-order.ts";
import { type Grouping, groupingOf, type HostGrid, layOutGrid } from "./host-grid.ts";
import { type LngLat, type Places, placeOf, placesOf } from "./places.ts";
import { type Standings, standingsOf } from "./standings.ts";
import { createTraffic, type Flow } from "./traffic.ts";

/** Everything that the map shows of a round, whatever part of it is in sight. Arrays go by client. */
export interface Scene extends Standings {
  readonly clients: Clients;
  /** How many clients there are. */
  readonly count: number;
  readonly table: RoundTable | undefined;
  readonly places: Places;
  /** Instead of the Earth, if nobody has a place. */
  readonly grid: HostGrid | undefined;
  readonly projection: ProjectionName;
  readonly borders: boolean;
  /** What the clients are coloured by; undefined: their status. */
  readonly scale: ColorScale | undefined;
  /** The colour code of each client. */
  readonly codes: Uint8Array;
  /** The clients that have a place, what must not be covered last. */
  readonly order: Uint32Array;
  readonly matches: Uint8Array | undefined;
  readonly flows: readonly Flow[];
  readonly server: LngLat | undefined;
  /** The most samples of a client, 0 if nobody told. */
  readonly mostSamples: number;
}

/** What a scene is made of. */
export interface SceneSource {
  readonly clients: Clients;
  readonly table: RoundTable | undefined;
  readonly tally: Tally | undefined;
  readonly server: Readonly<Record<string, unknown>> | undefined;
  readonly matches: Uint8Array | undefined;
  readonly colorBy: string;
  readonly projection: ProjectionName;
  readonly borders: boolean;
  /** What the clients of a grid are grouped by. */
  readonly groupBy?: string;
}

/** The value of `colorBy` that stands for the status. */
export const BY_STATUS = "status";

/** What clients can be coloured by in a run with these metrics: what matters most first, then all others. */
export function colorFields(metrics: readonly string[]): { main: string[]; others: string[] } {
  const has = (name: string): boolean => metrics.includes(name);
  const main = [
    ...["local_accuracy", "local_loss"].filter(has),
    ...(has("base_round") ? ["staleness"] : []),
    ...["train_time_sec"].filter(has),
    ...(has("bytes_sent") || has("bytes_received") ? [BYTES] : []),
    ROUND_SHARE,
  ];
  return { main, others: metrics.filter((name) => !main.includes(name)) };
}

/** Builds scenes, and keeps what one has in common with the last. */
export function createSceneBuilder(): (source: SceneSource) => Scene {
  const trafficOf = createTraffic();
  const gridOf = createGridCache();
  let places: Places | undefined;
  let placed: Clients | undefined;

  return (source) => {
    const { clients, table, matches } = source;
    const count = clients.ids.length;
    if (places === undefined || placed !== clients) places = placesOf(clients, places);
    placed = clients;
    const standings = standingsOf(count, table);
    const grid =
      count > 0 && places.located === 0
        ? gridOf(groupingOf(clients, standings.status, source.groupBy, table))
        : undefined;
    const server = placeOf(source.server);
    const { codes, scale } = colorsOf(source, standings);
    if (matches !== undefined) dim(codes, matches);
    return {
      ...standings,
      clients,
      count,
      table,
      places,
      grid,
      projection: source.projection,
      borders: source.borders,
      scale,
      codes,
      order: drawingOrder(codes, grid === undefined ? places : undefined),
      matches,
      flows: grid === undefined ? trafficOf({ table, places, server, matches }) : [],
      server,
      mostSamples: mostSamplesOf(table),
    };
  };
}

function colorsOf(source: SceneSource, { status }: Standings): { codes: Uint8Array; scale: ColorScale | undefined } {
  const { colorBy, clients, table, tally } = source;
  if (colorBy === BY_STATUS) return { codes: status.slice(), scale: undefined };
  return scaleOf(colorBy, clientValues(colorBy, { count: clients.ids.length, table, tally }));
}

function dim(codes: Uint8Array, matches: Uint8Array): void {
  for (let i = 0; i < codes.length; i++) if (matches[i] !== 1) codes[i] = (codes[i] ?? 0) + DIMMED;
}

function mostSamplesOf(table: RoundTable | undefined): number {
  let most = 0;
  for (const value of table?.columns.get("num_samples")?.numbers?.numbers ?? []) {
    if (value > most && value < Number.POSITIVE_INFINITY) most = value;
  }
  return most;
}

/** Lays a grid out anew only when the groups have changed. */
function createGridCache(): (grouping: Grouping) => HostGrid {
  let last: { grouping: Grouping; grid: HostGrid } | undefined;
  return (grouping) => {
    if (last === undefined || !sameGrouping(last.grouping, grouping)) last = { grouping, grid: layOutGrid(grouping) };
    return last.grid;
  };
}

function sameGrouping(one: Grouping, other: Grouping): boolean {
  return (
    one.groupOf.length === other.groupOf.length &&
    one.groupOf.every((group, i) => group === other.groupOf[i]) &&
    one.names.join("\n") === other.names.join("\n")
  );
}

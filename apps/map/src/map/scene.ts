import type { ClientStatus } from "../model/client-status.ts";
import type { RoundView } from "../model/round-view.ts";
import type { RunModel } from "../model/run-model.ts";
import { greatCircle } from "./great-circle.ts";
import type { SiteLayout } from "./site-layout.ts";

/** The traffic of one client in the shown round. */
export interface Flow {
  /** Index in the roster. */
  readonly index: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** The way from the client to the server on the plane; undefined while nobody knows where the server is. */
  readonly points: Float64Array | undefined;
}

/** Everything that the map shows of a round. */
export interface Scene {
  readonly layout: SiteLayout;
  readonly view: RoundView;
  readonly roster: readonly string[];
  /** What stands beside a mark. */
  readonly labels: readonly string[];
  /** How large each mark is, 0 to 1. */
  readonly weight: Float32Array;
  readonly flows: readonly Flow[];
}

/** Further arcs would only cover the Earth. */
const MAX_FLOWS = 200;
/** Further labels would not find room. */
const MAX_LABELLED = 80;

/** A client of which there is a result has talked to the server, even if nobody counted the bytes. */
const WITH_RESULT: readonly ClientStatus[] = ["active", "straggler", "non_finite"];

/** Keeps the ways between clients and server, which change only with the layout. */
export function createSceneBuilder(): (model: RunModel, layout: SiteLayout, view: RoundView) => Scene {
  let ways = new Map<number, Float64Array>();
  let waysOf: SiteLayout | undefined;

  function wayOf(model: RunModel, layout: SiteLayout, index: number): Float64Array | undefined {
    const { server } = layout;
    const latest = model.state.clients.get(model.roster[index] ?? "")?.latest;
    if (server === undefined || typeof latest?.lng !== "number" || typeof latest.lat !== "number") return undefined;
    let way = ways.get(index);
    if (way === undefined) {
      way = greatCircle([latest.lng, latest.lat], [server.lng, server.lat]);
      ways.set(index, way);
    }
    return way;
  }

  return (model, layout, view) => {
    if (waysOf !== layout) {
      ways = new Map();
      waysOf = layout;
    }
    return {
      layout,
      view,
      roster: model.roster,
      labels: labelsOf(model, layout),
      weight: weightsOf(model, view),
      flows: largestFlows(layout, view).map((flow) => ({ ...flow, points: wayOf(model, layout, flow.index) })),
    };
  };
}

function largestFlows(layout: SiteLayout, view: RoundView): Omit<Flow, "points">[] {
  if (layout.kind === "grid") return [];
  const flows: Omit<Flow, "points">[] = [];
  for (const status of WITH_RESULT) {
    for (const index of view.members[status]) {
      if (Number.isNaN(layout.x[index])) continue;
      const { bytes_sent: sent, bytes_received: received } = view.metrics[index] ?? {};
      flows.push({ index, bytesUp: positive(sent), bytesDown: positive(received) });
    }
  }
  return flows.sort((a, b) => b.bytesUp + b.bytesDown - a.bytesUp - a.bytesDown).slice(0, MAX_FLOWS);
}

function weightsOf(model: RunModel, view: RoundView): Float32Array {
  const samples = model.roster.map((id, index) =>
    positive(view.metrics[index]?.num_samples ?? model.state.clients.get(id)?.latest.num_samples),
  );
  const most = samples.reduce((a, b) => Math.max(a, b), 0);
  return Float32Array.from(samples, (count) => (most > 0 ? Math.sqrt(count / most) : 0.5));
}

function labelsOf(model: RunModel, layout: SiteLayout): string[] {
  if (model.roster.length > MAX_LABELLED) return [];
  return model.roster.map((id) => {
    const city = model.state.clients.get(id)?.latest.city;
    return layout.kind === "world" && typeof city === "string" && city !== "" ? city : id;
  });
}

function positive(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
}

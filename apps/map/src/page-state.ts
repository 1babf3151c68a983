import { type Signal, signal } from "@preact/signals";
import type { FindingKind } from "./data/run-data.ts";
import { type ReplaySpeed, USUAL_SPEED } from "./replay/replay-clock.ts";

/** What somebody chose to see, all of which a link can say. Which round that is, the player holds. */
export interface PageState {
  /** The client whose drawer is open, by id. */
  readonly client: Signal<string | undefined>;
  /** What the clients are searched for: words and conditions, as `status:dropped country:DE local_accuracy<0.5`. */
  readonly filter: Signal<string>;
  /** What colours the clients on the map: `status`, or a field of theirs. */
  readonly colorBy: Signal<string>;
  readonly projection: Signal<Projection>;
  /** What the map looks at; undefined: at all clients. */
  readonly at: Signal<Look | undefined>;
  /** What the clients of a run without places are grouped by: a field of theirs, or as suits the run. */
  readonly groupBy: Signal<string>;
  /** Whether the map shows countries' borders. */
  readonly borders: Signal<boolean>;
  /** The field whose distribution is shown. */
  readonly metric: Signal<string>;
  /** Other runs that are laid over the charts, by id. */
  readonly compared: Signal<readonly string[]>;
  /** What the tabbed panel shows. */
  readonly tab: Signal<Tab>;
  /** What charts go along. */
  readonly axis: Signal<AxisKind>;
  readonly speed: Signal<ReplaySpeed>;
  /** Whether a replay begins anew at its end. */
  readonly loop: Signal<boolean>;
  /** Which charts are shown, by id (charts/chart-list.ts), in their order. */
  readonly charts: Signal<readonly string[]>;
  /** Which charts are shown as tables, by id. */
  readonly tables: Signal<readonly string[]>;
  /** In which order clients' own small charts come, and the rows of the participation. */
  readonly order: Signal<ClientOrder>;
  /** Which part of the small charts is shown, from 0. */
  readonly page: Signal<number>;
  /** How large the cells of the participation are, as a place in `ZOOMS` (charts/matrix-layout.ts). */
  readonly cells: Signal<number>;
  /** By what the table of clients is sorted. */
  readonly sort: Signal<Sort>;
  /** The columns of that table, by field; empty: the usual ones. */
  readonly columns: Signal<readonly string[]>;
  /** Which kinds of trouble are listed; empty: all. */
  readonly kinds: Signal<readonly FindingKind[]>;
  /** What the events are searched for. */
  readonly events: Signal<string>;
  /** What runs are searched for, and in which order they are listed. */
  readonly runs: Signal<string>;
  readonly runOrder: Signal<RunOrder>;
  /** What a page that is too narrow for everything shows. */
  readonly view: Signal<View>;
}

/** What a map is looked at: the place in its middle, and how many times as large as the whole Earth fits. */
export interface Look {
  readonly lng: number;
  readonly lat: number;
  readonly zoom: number;
}

export const RUN_ORDERS = ["newest", "oldest", "id", "accuracy", "rounds", "clients"] as const;

export type RunOrder = (typeof RUN_ORDERS)[number];

/** Groups that suit the run. */
export const USUAL_GROUPS = "auto";

/** The usual size of a cell of the participation: names and marks can be read. */
export const USUAL_CELLS = 5;

/** A column and its direction. `client` and `status` are columns too. */
export interface Sort {
  readonly field: string;
  readonly descending: boolean;
}

export const VIEWS = ["map", "charts", "clients", "trouble"] as const;

export type View = (typeof VIEWS)[number];

export const AXES = ["round", "time"] as const;

export type AxisKind = (typeof AXES)[number];

/**
 * `worst`: by the field's value in the shown round; `trouble`: by what went wrong; `dropped`: by the share of rounds in which
 * it dropped out; `silent`: by the last result.
 */
export const CLIENT_ORDERS = ["worst", "trouble", "dropped", "silent", "id"] as const;

export type ClientOrder = (typeof CLIENT_ORDERS)[number];

export const DEFAULT_CHARTS = ["accuracy", "loss", "duration", "bytes", "participation", "divergence"] as const;

export const PROJECTIONS = ["equal-earth", "mercator", "globe"] as const;

export type Projection = (typeof PROJECTIONS)[number];

export const TABS = ["clients", "participation", "distribution", "multiples", "events"] as const;

export type Tab = (typeof TABS)[number];

/** What a page shows that was told nothing. */
export function createPageState(): PageState {
  return {
    client: signal(undefined),
    filter: signal(""),
    colorBy: signal("status"),
    projection: signal("equal-earth"),
    at: signal(undefined),
    groupBy: signal(USUAL_GROUPS),
    borders: signal(true),
    metric: signal("local_accuracy"),
    compared: signal([]),
    tab: signal("clients"),
    axis: signal("round"),
    speed: signal(USUAL_SPEED),
    loop: signal(false),
    charts: signal(DEFAULT_CHARTS),
    tables: signal([]),
    order: signal("trouble"),
    page: signal(0),
    cells: signal(USUAL_CELLS),
    sort: signal({ field: "status", descending: false }),
    columns: signal([]),
    kinds: signal([]),
    events: signal(""),
    runs: signal(""),
    runOrder: signal("newest"),
    view: signal("map"),
  };
}

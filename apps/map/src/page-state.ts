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
  /** In which order clients' own small charts come. */
  readonly order: Signal<ClientOrder>;
  /** By what the table of clients is sorted. */
  readonly sort: Signal<Sort>;
  /** The columns of that table, by field; empty: the usual ones. */
  readonly columns: Signal<readonly string[]>;
  /** Which kinds of trouble are listed; empty: all. */
  readonly kinds: Signal<readonly FindingKind[]>;
  /** What the events are searched for. */
  readonly events: Signal<string>;
  /** What a page that is too narrow for everything shows. */
  readonly view: Signal<View>;
}

/** A column and its direction. `client` and `status` are columns too. */
export interface Sort {
  readonly field: string;
  readonly descending: boolean;
}

export const VIEWS = ["map", "charts", "clients", "trouble"] as const;

export type View = (typeof VIEWS)[number];

export const AXES = ["round", "time"] as const;

export type AxisKind = (typeof AXES)[number];

/** `worst`: by the field's value in the shown round; `trouble`: by what went wrong; `silent`: by the last result. */
export const CLIENT_ORDERS = ["worst", "trouble", "silent", "id"] as const;

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
    borders: signal(true),
    metric: signal("local_accuracy"),
    compared: signal([]),
    tab: signal("clients"),
    axis: signal("round"),
    speed: signal(USUAL_SPEED),
    loop: signal(false),
    charts: signal(DEFAULT_CHARTS),
    order: signal("worst"),
    sort: signal({ field: "status", descending: false }),
    columns: signal([]),
    kinds: signal([]),
    events: signal(""),
    view: signal("map"),
  };
}

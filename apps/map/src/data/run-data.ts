import type { MapNumbers, MapValues, RunStatus } from "@hivewatch/core";
import type { ReadonlySignal } from "@preact/signals";

/**
 * A run as the page sees it. What is small stands in signals that are replaced as a whole when it has changed; what is
 * large is asked for. Times are milliseconds since 1970, as `Date` has them.
 */
export interface RunData {
  readonly runId: string;
  readonly connection: ReadonlySignal<Connection>;
  readonly overview: ReadonlySignal<Overview>;
  readonly clients: ReadonlySignal<Clients>;
  /** How often each client took part, as far as rounds have been read. */
  readonly tally: ReadonlySignal<Tally>;
  /** What needs somebody's attention, as far as rounds have been read. */
  readonly findings: ReadonlySignal<Findings>;
  /** What happened beside results, the oldest first. */
  readonly feed: ReadonlySignal<Feed>;
  /** How much of what is to be read for `tally`, `findings`, digests and `participation` has been, 0 to 1. */
  readonly progress: ReadonlySignal<number>;
  /** The rounds that are not looked through for these, since the run is too large; undefined: all are. */
  readonly unread: ReadonlySignal<UnreadRounds | undefined>;
  /**
   * The table of a round that may change. While it is fetched the table that was there stays; so it is not always that
   * of the wanted round.
   */
  table(round: ReadonlySignal<number | undefined>): ReadonlySignal<RoundTable | undefined>;
  /** How a field is spread over the clients, round by round. */
  digest(field: string): ReadonlySignal<Digest>;
  /** Every client's standing in every round. */
  participation(): ReadonlySignal<Participation>;
  /** Some clients over all rounds, as they are now. */
  history(clients: readonly number[]): Promise<History>;
  /** Tells up to which position the run has events: one that was over may go on. */
  hear(position: number): void;
  close(): void;
}

/** Rounds that are not looked through: the oldest of a very large run. */
export interface UnreadRounds {
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

/** How the page gets what it knows. */
export interface Connection {
  /**
   * `loading`: the run's beginning is being fetched. `live`: the stream is connected. `over`: the run is, and everything
   * is here. `reconnecting`: the server can't be reached. `not_found`: there is no such run (yet). `saved`: there are files
   * only, and no stream.
   */
  readonly phase: "loading" | "live" | "over" | "reconnecting" | "not_found" | "saved";
  /** When this page last got an event over the stream. */
  readonly lastArrival: number | undefined;
}

/** The run itself, and its rounds' figures. */
export interface Overview {
  readonly runId: string;
  readonly algorithm: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly status: RunStatus;
  readonly statusReason: string | undefined;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly lastEventAt: number | undefined;
  /** Where and what the server said it is. */
  readonly server: Readonly<Record<string, unknown>> | undefined;
  readonly events: number;
  readonly rounds: Rounds;
  /** The numeric fields that clients report: those of the contract in its order, then the application's. */
  readonly metrics: readonly string[];
}

/** The rounds of a run, ascending by number. Entry i of each array is of the same round. */
export interface Rounds {
  readonly numbers: Float64Array;
  /** NaN: unknown. */
  readonly startedAt: Float64Array;
  /** NaN: unknown, or still open. */
  readonly endedAt: Float64Array;
  /** 1 while results may still come in. */
  readonly open: Uint8Array;
  /** How many clients have a row in it. */
  readonly clients: Float64Array;
  /** By name: those of core's `RoundSummary`, and whatever numbers the application added. */
  readonly figures: ReadonlyMap<string, Figure>;
  /** What was reported beside numbers, by name: `global_source`, `algorithm_metadata`, … */
  readonly notes: ReadonlyMap<string, readonly unknown[]>;
}

/** One figure over the rounds. */
export interface Figure {
  readonly values: Float64Array;
  readonly source: Uint8Array;
}

/** Where a figure of a round comes from: the values of `Figure.source`. */
export const FIGURE_SOURCE = { missing: 0, derived: 1, reported: 2 } as const;

/** Every client that was heard of or asked, by index; an index never changes. */
export interface Clients {
  readonly ids: readonly string[];
  /** The newest place; NaN: none was reported. */
  readonly lat: Float64Array;
  readonly lng: Float64Array;
  readonly city: readonly (string | undefined)[];
  readonly country: readonly (string | undefined)[];
  /** The index of an id; -1 if there is none. */
  indexOf(id: string): number;
}

/** What the clients reported in a round, a row each. */
export interface RoundTable {
  readonly round: number;
  /** Whether results may still come in. */
  readonly open: boolean;
  readonly rows: number;
  /** Index of each row's client. */
  readonly clients: Uint32Array;
  /** How many results each row's client sent. */
  readonly results: Uint32Array;
  /** 1 for those that were selected, where the framework knows. */
  readonly asked: Uint8Array;
  /** Index in `CLIENT_STATUSES`. */
  readonly status: Uint8Array;
  /** The row of a client, by index; -1 (and undefined for those that are newer) if it has none. */
  readonly rowOf: Int32Array;
  readonly columns: ReadonlyMap<string, TableColumn>;
}

/** What was reported under one name: numbers, other values, or in some rows the one and in some the other. */
export interface TableColumn {
  readonly numbers: MapNumbers | undefined;
  readonly values: MapValues | undefined;
}

/** How a numeric field is spread over the clients, by index of the round. A round that was not read yet has count 0. */
export interface Digest {
  readonly field: string;
  /** Finite values. */
  readonly count: Uint32Array;
  /** Values that were NaN or infinite. */
  readonly nonFinite: Uint32Array;
  readonly mean: Float64Array;
  /** Of each round {@link QUANTILES} values: the least, then one every 5 %, the last is the greatest. */
  readonly quantiles: Float64Array;
}

/** How many quantiles a digest has of each round: 0 %, 5 %, … 100 %. */
export const QUANTILES = 21;

/** By client. */
export interface Tally {
  /** Rounds that were read. */
  readonly rounds: number;
  /** Rounds with a result. */
  readonly completed: Uint32Array;
  /** Rounds in which the client was asked, or heard of. */
  readonly involved: Uint32Array;
  readonly dropouts: Uint32Array;
  readonly failures: Uint32Array;
  readonly stragglers: Uint32Array;
  /** The newest round with a result; NaN: none. */
  readonly lastResult: Float64Array;
}

/** Why somebody should look at a client, the gravest first. */
export const FINDING_KINDS = ["failure", "dropout", "non_finite", "missing", "silent", "outlier", "straggler"] as const;

export type FindingKind = (typeof FINDING_KINDS)[number];

export interface Finding {
  readonly kind: FindingKind;
  readonly round: number;
  readonly client: number;
  /** Why, as it was told or in a sentence's words without its client and round; empty: unknown, or in the facts. */
  readonly detail: string;
  /** The values that it is about. */
  readonly facts?: readonly FindingFact[];
  /** How far from what is usual: robust z-score, times the median, or rounds of silence. */
  readonly score: number | undefined;
}

/** A value that needs attention. */
export interface FindingFact {
  readonly field: string;
  readonly value: number;
  /** The round's median; undefined: none was compared with. */
  readonly usual: number | undefined;
}

export interface Findings {
  /** Of each kind the newest and gravest, 500 at most. */
  readonly list: readonly Finding[];
  /** How many there are. */
  readonly counts: Readonly<Record<FindingKind, number>>;
  /** By index of the round: how many findings it has. */
  readonly byRound: Uint32Array;
}

export interface FeedEntry {
  readonly at: number;
  readonly type: string;
  readonly round: number | undefined;
  readonly client: number | undefined;
  /** The event's further fields: `reason`, `path`, `source`, `metrics`, `status`, … */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Feed {
  /** How many there are. */
  readonly total: number;
  /** The newest of them, {@link FEED_LENGTH} at most. */
  readonly entries: readonly FeedEntry[];
}

export const FEED_LENGTH = 10_000;

export interface Participation {
  /** The clients in it: all, or for very large runs those with most trouble. */
  readonly clients: Uint32Array;
  /** How many rounds it has, in the order of `Rounds`. */
  readonly rounds: number;
  /** Index in `CLIENT_STATUSES` of client c in round r at `c * rounds + r`; 255: not read yet. */
  readonly status: Uint8Array;
}

/** Some clients over all rounds. Entry `c * rounds.length + r` is of client c in round r. */
export interface History {
  readonly clients: readonly number[];
  readonly rounds: Float64Array;
  /** Index in `CLIENT_STATUSES`. */
  readonly status: Uint8Array;
  /** NaN: not reported, or not finite. */
  readonly fields: ReadonlyMap<string, Float64Array>;
  /** What needs attention of them, all of it; the newest round first. */
  readonly findings: readonly Finding[];
}

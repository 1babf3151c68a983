import type {
  Connection,
  Digest,
  Feed,
  Findings,
  History,
  Overview,
  Participation,
  RoundTable,
  Tally,
  UnreadRounds,
} from "../data/run-data.ts";
import type { ClientNews } from "./client-list.ts";

/** Where a run is read from. */
export interface RunAddress {
  readonly runId: string;
  /** The page's address, to which all others are relative. */
  readonly base: string;
  /** The head of the run's map on a file server; its frames are beside it, without `.json`. Undefined: our own server. */
  readonly map: string | undefined;
  /** The round that is wanted first; undefined: the newest. */
  readonly round: number | undefined;
}

/** What the page asks of the engine. */
export type Request =
  /** Which round's table it wants, now and whenever it changes. */
  | { readonly kind: "show"; readonly round: number | undefined }
  | { readonly kind: "digest"; readonly field: string }
  | { readonly kind: "participation" }
  /** Up to which position there are events. */
  | { readonly kind: "hear"; readonly position: number }
  | { readonly kind: "history"; readonly id: number; readonly clients: readonly number[] };

/** What the engine tells the page. */
export type Update =
  | { readonly kind: "connection"; readonly value: Connection }
  | { readonly kind: "overview"; readonly value: Overview }
  | { readonly kind: "clients"; readonly value: ClientNews }
  | { readonly kind: "table"; readonly value: RoundTable }
  | { readonly kind: "tally"; readonly value: Tally }
  | { readonly kind: "findings"; readonly value: Findings }
  | { readonly kind: "feed"; readonly value: Feed }
  | { readonly kind: "progress"; readonly value: number; readonly unread: UnreadRounds | undefined }
  | { readonly kind: "digest"; readonly value: Digest }
  | { readonly kind: "participation"; readonly value: Participation }
  | { readonly kind: "history"; readonly id: number; readonly value: History };

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
} from "../data/run-data.ts";
import type { ClientNews } from "./client-list.ts";

/** What the page asks of the engine. */
export type Request =
  | { readonly kind: "open"; readonly runId: string; readonly base: string }
  /** Which round's table it wants, now and whenever it changes. */
  | { readonly kind: "show"; readonly round: number | undefined }
  | { readonly kind: "digest"; readonly field: string }
  | { readonly kind: "participation" }
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
  | { readonly kind: "progress"; readonly value: number }
  | { readonly kind: "digest"; readonly value: Digest }
  | { readonly kind: "participation"; readonly value: Participation }
  | { readonly kind: "history"; readonly id: number; readonly value: History };

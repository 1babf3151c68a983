import { type HiveEvent, parseEvent } from "@hivewatch/core";

/** Ids that a client may choose: each is allowed, and some are chosen to do harm. */
const HOSTILE_IDS: readonly string[] = [
  "<img src=x onerror=alert(1)>",
  "line one\nline two\r\n",
  "../../etc/passwd",
  "C:\\temp\\x",
  "a/b/c",
  "tab\there, nul\0, escape \u001b[2J",
  "👩‍⚕️ clinic",
  "\u202eright to left",
  "'; DROP TABLE clients; --",
  "$HOME $(id) `id` %s %d %n",
  "__proto__",
  "constructor",
  "17293822569102704640",
  " ",
  "site_xfacade/1",
  "_x40/",
  "@x2f_",
  "x".repeat(256),
  `x${"𠮷".repeat(127)}`,
];

type Fields = Record<string, unknown>;

/** A run of these events, one second apart. */
function runOf(...events: readonly Fields[]): HiveEvent[] {
  const init = { event_type: "init", algorithm: "FedAvg", config: {} };
  return [init, ...events, { event_type: "finished", status: "completed" }].map((fields, second) =>
    parseEvent({ run_id: "suite", timestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(), ...fields }),
  );
}

function update(clientId: string, round: number | null, metrics: Fields = {}): Fields {
  return { event_type: "client_update", round, clients: [{ client_id: clientId, ...metrics }] };
}

/** What an emitter must take beside the recorded runs, by what is odd about it. */
export const ODD_RUNS: Readonly<Record<string, readonly HiveEvent[]>> = {
  "round 0, and values of no round": runOf(
    { event_type: "round_start", round: 0, selected: ["a"] },
    update("a", 0, { local_loss: 1 }),
    update("a", null, { local_loss: 2 }),
    { event_type: "client_metric", round: null, clients: [{ client_id: "a", val_loss: 3 }] },
    { event_type: "round_end", round: 0, round_metrics: { global_loss: 1 } },
  ),
  "values that aren't finite": runOf(
    update("a", 1, {
      local_loss: Number.NaN,
      gradient_norm: Number.POSITIVE_INFINITY,
      custom: Number.NEGATIVE_INFINITY,
    }),
    {
      event_type: "round_end",
      round: 1,
      round_metrics: { global_loss: Number.NaN, algorithm_metadata: { lr: Number.POSITIVE_INFINITY } },
    },
    { event_type: "evaluation", round: 1, source: "central", metrics: { loss: Number.NaN } },
  ),
  "nothing but what must be there": runOf(
    update("a", 1),
    { event_type: "server_metadata", server: {} },
    { event_type: "round_start", round: 1 },
    { event_type: "round_end", round: 1 },
    { event_type: "round_end", round: 2 },
    { event_type: "client_dropout", round: 1, clients: [] },
    { event_type: "checkpoint", round: 1, path: "" },
    { event_type: "evaluation", round: 1, source: "central", metrics: {} },
    { event_type: "finished" },
  ),
  "nulls for what isn't known": runOf(
    update("a", 1, { local_accuracy: null, lat: null, lng: null, city: null, status: null, base_round: null }),
    { event_type: "round_end", round: 1, round_metrics: { global_accuracy: null, algorithm_metadata: null } },
  ),
  "unknown types and fields": runOf(
    { event_type: "privacy_budget", round: 1, epsilon: 0.5, clients: [{ client_id: "a", spent: true }] },
    { event_type: "note", text: "no round here" },
    { ...update("a", 1, { team: "blue", layers: [1, [2]], nested: { deep: { er: null } }, flag: true }), shard: 7 },
    { event_type: "round_end", round: 1, round_metrics: { fairness: 0.5, per_class: [0.1, 0.2] }, extra: {} },
  ),
  "hostile ids and reasons": runOf(
    { event_type: "round_start", round: 1, selected: HOSTILE_IDS },
    ...HOSTILE_IDS.flatMap((id) => [
      update(id, 1, { local_loss: 1, city: id, [id]: 1 }),
      { event_type: "client_dropout", round: 1, clients: [{ client_id: id, status: "dropped" }], reason: id },
      { event_type: "comm_failure", round: 1, client_id: id, reason: id },
      { event_type: "client_recovered", round: 1, client_id: id },
    ]),
    { event_type: "checkpoint", round: 1, path: "../../etc/passwd", metadata: { [HOSTILE_IDS[0] ?? ""]: 1 } },
    { event_type: "round_end", round: 1 },
  ),
  "rounds that interleave, repeat and come late": runOf(
    update("a", 5),
    update("a", 3),
    { event_type: "round_end", round: 5 },
    { event_type: "round_end", round: 3, round_metrics: { global_loss: 1 } },
    update("b", 3),
    update("b", 3),
    { event_type: "round_end", round: 3, round_metrics: { global_loss: 2 } },
    { event_type: "round_start", round: 3 },
  ),
  "a second start under the same id": runOf(
    update("a", 1),
    { event_type: "finished", status: "failed", reason: "out of memory" },
    { event_type: "init", algorithm: "FedAvg", config: { resumed: true } },
    update("a", 2),
  ),
  "two thousand clients in one batch": runOf(
    ...Array.from({ length: 2_000 }, (_, i) => update(`client-${i}`, 1, { local_loss: i })),
    { event_type: "round_end", round: 1 },
  ),
};

import { crc32 } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { isoNow, microsFromIso } from "@hivewatch/core";
import { openRunStore } from "@hivewatch/runs";
import { ColumnsSchema } from "@hivewatch/runs/gen/hivewatch/v1/batch_pb.ts";
import { type Payload, rows } from "./batches.ts";
import { writeLog } from "./write-log.ts";

/** So many updates are in a batch. */
const BATCH = 5_000;

const METRICS = ["local_accuracy", "local_loss", "train_time_sec", "bytes_sent", "bytes_received", "gradient_norm"];

/** Writes a run that is over, with the files that a viewer reads: clients all over the Earth, all of them in each round. */
export async function writeViewerRun(dir: string, runId: string, clients: number, rounds: number): Promise<void> {
  await writeLog(dir, runId, payloads(clients, rounds));
  await openRunStore({ dir }).writeArtifacts(runId);
}

function* payloads(clients: number, rounds: number): Generator<Payload> {
  yield beginning();
  for (let round = 1; round <= rounds; round++) yield* roundOf(round, clients);
  yield rows({ event_type: "finished", status: "completed" });
}

/** How each run begins. */
export function beginning(): Payload {
  return rows(
    { event_type: "init", algorithm: "FedAvg", config: {} },
    { event_type: "server_metadata", server: { city: "Geneva", country: "CH", lat: 46.2, lng: 6.14 } },
  );
}

/** A round in which each client sends a result. */
export function* roundOf(round: number, clients: number): Generator<Payload> {
  yield rows({ event_type: "round_start", round });
  for (let first = 0; first < clients; first += BATCH) {
    yield updates(round, first, Math.min(BATCH, clients - first));
  }
  const round_metrics = { global_accuracy: 1 - 1 / (1 + round), global_loss: 1 / round };
  yield rows({ event_type: "round_end", round, clients: [], round_metrics });
}

function updates(round: number, first: number, count: number): Payload {
  const indices = Array.from({ length: count }, (_, i) => first + i);
  const now = BigInt(microsFromIso(isoNow()));
  const columns = create(ColumnsSchema, {
    eventType: "client_update",
    timestampUs: indices.map(() => now),
    columns: [
      { name: "client_id", texts: indices.map((i) => `site-${i}`) },
      { name: "round", numbers: indices.map(() => round) },
      { name: "lat", numbers: indices.map((i) => spread(i, 0.7549) * 140 - 60) },
      { name: "lng", numbers: indices.map((i) => spread(i, 0.5698) * 360 - 180) },
      ...METRICS.map((name) => ({ name, numbers: indices.map(() => 1 + Math.random()) })),
    ],
  });
  const value = toBinary(ColumnsSchema, columns);
  return { count, payload: { case: "columns", value }, crc32: crc32(value) };
}

/** Spreads numbers evenly from 0 to 1, the same each time. */
function spread(i: number, step: number): number {
  return (i * step) % 1;
}

import { stringifyEvent } from "@hivewatch/core";
import { knownClients } from "./client-json.ts";
import type { MapFold } from "./map-fold.ts";
import { type RoundTable, summarizeTable } from "./round-table.ts";

/** So much is put together before it is handed out. */
const PIECE_CHARS = 256 * 1024;

/**
 * A run in map schema 1, the file `<run_id>.map.json` of Python hivewatch, in pieces: the text of a large run is longer
 * than a string can be. Of its clients no more is in memory at a time than one part of a round.
 */
export function* mapSchema1(fold: MapFold): Generator<string> {
  let piece = headJson(fold);
  let separator = '"rounds":[';
  for (const number of fold.shelf.numbers()) {
    const table = fold.shelf.look(number);
    if (table === undefined) continue;
    piece += `${separator}${roundHead(fold, table)},"clients":[`;
    separator = ",";
    let comma = "";
    for (const part of fold.shelf.parts(table)) {
      for (const client of knownClients(fold, part, number)) {
        piece += comma + client;
        comma = ",";
        if (piece.length < PIECE_CHARS) continue;
        yield piece;
        piece = "";
      }
    }
    piece += "]}";
    if (piece.length < PIECE_CHARS) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}${separator === "," ? "" : separator}]}`;
}

/** All but the rounds, and open for them. */
function headJson({ run }: MapFold): string {
  const head = {
    schema_version: 1,
    run_id: run.runId,
    algorithm: run.algorithm,
    config: run.config,
    started_at: run.startedAt ?? null,
    finished_at: run.finishedAt ?? null,
    server: run.server ?? null,
  };
  return `${stringifyEvent(head).slice(0, -1)},`;
}

/** All of a round but its clients, and open for them. */
function roundHead(fold: MapFold, table: RoundTable): string {
  const summary = summarizeTable(table, fold.context);
  // As Python hivewatch has it, a round has figures from its end on.
  const dispersion = (table.endedAt === undefined ? undefined : summary.gradient_norm_dispersion) ?? null;
  const head = {
    round: table.round,
    globalAcc: summary.global_accuracy ?? null,
    globalLoss: summary.global_loss ?? null,
    duration: summary.round_duration_sec ?? null,
    dispersion,
    // The same, by its name until Python hivewatch 0.3.0.
    divergence: dispersion,
  };
  return stringifyEvent(head).slice(0, -1);
}

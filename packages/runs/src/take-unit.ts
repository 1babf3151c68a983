import { fullClients } from "./client-json.ts";
import type { FoldUnit } from "./fold-units.ts";
import { columnLines } from "./jsonl-columns.ts";
import { eventLines, MAX_LINE_CLIENTS, type RoundLine } from "./jsonl-line.ts";
import type { MapFold } from "./map-fold.ts";
import { summarizeTable } from "./round-table.ts";

/** What came of taking a unit. */
export interface Taken {
  /** Its lines of `<run_id>.jsonl`, if they were wanted, some at a time. To be gone through once. */
  readonly lines: Iterable<string>;
  /** Whether a round ended with it. */
  readonly endsRound: boolean;
  /** Whether the run did. */
  readonly endsRun: boolean;
}

/** Takes a unit into a fold. */
export function takeUnit(fold: MapFold, unit: FoldUnit, withLines: boolean): Taken {
  if (unit.kind === "block") {
    fold.takeBlock(unit.block);
    return { lines: withLines ? columnLines(unit.block, fold.run.runId) : [], endsRound: false, endsRun: false };
  }
  const lines: string[] = [];
  let endsRound = false;
  let endsRun = false;
  for (const event of unit.events) {
    fold.takeEvent(event);
    if (withLines) lines.push(eventLines(event, (round) => roundLine(fold, round)));
    endsRound ||= event.event_type === "round_end";
    endsRun ||= event.event_type === "finished";
  }
  return { lines, endsRound, endsRun };
}

function roundLine(fold: MapFold, round: number): RoundLine | undefined {
  const table = fold.shelf.look(round);
  if (table === undefined) return undefined;
  const parts = table.rows > MAX_LINE_CLIENTS ? [] : [...fold.shelf.parts(table)];
  const clients = parts.flatMap((part) => [...fullClients(fold, part, round)]);
  return { summary: summarizeTable(table, fold.context), clients };
}

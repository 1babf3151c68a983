import type { HiveEvent } from "@hivewatch/core";
import { batchEvents } from "./batch.ts";
import { type ColumnBlock, decodeColumns } from "./column-block.ts";
import { areSurelyValid } from "./columns.ts";
import type { BatchStep } from "./read-batches.ts";
import type { ReadStep } from "./read-entries.ts";
import { ofRun } from "./read-log.ts";
import type { StoredBatch } from "./scan-segment.ts";

/** What is taken into files at once: the events of one batch, in columns if they came so. */
export type FoldUnit = FoldBlock | FoldEvents;

interface FoldBlock {
  readonly kind: "block";
  readonly block: ColumnBlock;
  /** The position behind it. */
  readonly position: number;
}

interface FoldEvents {
  readonly kind: "events";
  readonly events: readonly HiveEvent[];
  readonly position: number;
}

export interface FoldStep {
  /** Made one by one, so that no more than one is in memory. */
  readonly units: Iterable<FoldUnit>;
  readonly atEnd: boolean;
}

/** The units of a log. */
export async function* unitsOfLog(runId: string, steps: AsyncIterable<BatchStep>): AsyncGenerator<FoldStep> {
  for await (const { batches, atEnd } of steps) yield { units: unitsOf(runId, batches), atEnd };
}

function* unitsOf(runId: string, batches: readonly StoredBatch[]): Generator<FoldUnit> {
  for (const { batch, end } of batches) {
    const block = batch.payload.case === "columns" ? decodeColumns(batch.payload.value) : undefined;
    yield block !== undefined && areSurelyValid(block)
      ? { kind: "block", block, position: end }
      : { kind: "events", events: batchEvents(batch).map((event) => ofRun(event, runId)), position: end };
  }
}

/** The units of a run that is read event by event. */
export async function* unitsOfEvents(steps: AsyncIterable<ReadStep>): AsyncGenerator<FoldStep> {
  for await (const { entries, atEnd } of steps) {
    const events = entries.map((entry) => entry.event);
    const position = entries.at(-1)?.position ?? 0;
    yield { units: entries.length === 0 ? [] : [{ kind: "events", events, position }], atEnd };
  }
}

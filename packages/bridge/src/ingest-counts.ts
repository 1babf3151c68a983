import { createHistogram, type HistogramData } from "@hivewatch/core";

/** Why a batch was not stored; what a producer does about each is in ack.proto. */
export type RefusalCode = "malformed" | "gap" | "stale_epoch" | "unavailable";

/** What became of a batch. */
export type BatchOutcome = "stored" | "duplicate" | RefusalCode;

/** What a bridge has taken in since it was started. */
export interface IngestFigures {
  /** Events that were stored. */
  readonly events: number;
  /** Bytes of the batches that were stored, as they came. */
  readonly bytes: number;
  /** How many batches became what. */
  readonly batches: Readonly<Record<BatchOutcome, number>>;
  /** From when a batch was received until its answer was ready, in seconds. */
  readonly ackDelay: HistogramData;
  /** Messages that were received and whose answer isn't ready: what waits for the disk. */
  readonly unanswered: number;
}

/** Counts messages and batches; an event costs nothing. */
export interface IngestCounts {
  /**
   * Counts in a message that has come.
   *
   * @returns to be called when its answer is ready, with what became of its batch; undefined if it had none
   */
  receive(): (outcome: BatchOutcome | undefined) => void;
  store(events: number, bytes: number): void;
  figures(): IngestFigures;
}

/** From what a fast disk takes for a sync to what a producer notices. */
const ACK_BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createIngestCounts(): IngestCounts {
  const batches: Record<BatchOutcome, number> = {
    stored: 0,
    duplicate: 0,
    malformed: 0,
    gap: 0,
    stale_epoch: 0,
    unavailable: 0,
  };
  const ackDelay = createHistogram(ACK_BOUNDS_SECONDS);
  let events = 0;
  let bytes = 0;
  let unanswered = 0;
  return {
    receive() {
      const since = performance.now();
      unanswered++;
      return (outcome) => {
        unanswered--;
        if (outcome === undefined) return;
        batches[outcome]++;
        ackDelay.add((performance.now() - since) / 1000);
      };
    },
    store(count, size) {
      events += count;
      bytes += size;
    },
    figures: () => ({ events, bytes, batches: { ...batches }, ackDelay: ackDelay.data(), unanswered }),
  };
}

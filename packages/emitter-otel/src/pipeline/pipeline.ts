import type { Tracer } from "@opentelemetry/api";
import type { ToldIdSource } from "../ids.ts";
import type { MetricSink } from "../metrics/sink.ts";
import type { LoggerLike } from "../run-signals.ts";
import type { Flushed } from "./channel.ts";

/** Where what becomes of a run's events goes, be it a pipeline of our own or the program's providers. */
export interface Pipeline {
  /** Undefined: nobody wants metrics; and likewise for the others. */
  readonly sink: MetricSink | undefined;
  readonly tracer: Tracer | undefined;
  readonly logger: LoggerLike | undefined;
  /** What the tracer asks for ids. Undefined: it has ids of its own. */
  readonly ids: ToldIdSource | undefined;
  /** Does some work of which nothing is to be sent, since it was sent before a restart. */
  unsent(work: () => void): void;
  /** Called after each event: makes room where room is bounded. */
  makeRoom(signal: AbortSignal): Promise<void> | undefined;
  /** Sends what was made. @param isEnd - whether the run has ended */
  flush(signal: AbortSignal, isEnd: boolean): Promise<readonly Flushed[]>;
  close(): Promise<void>;
}

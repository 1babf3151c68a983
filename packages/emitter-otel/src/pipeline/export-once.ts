import { context, createContextKey } from "@opentelemetry/api";
import type { Exporter, ExportResult } from "./sdk.ts";

/** The SDK's own key, by which instrumentations know that a request is none of the program's. */
const SUPPRESS_TRACING = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
/** Exporters have time limits of their own, for each attempt; this one is for those that never call back. */
const LONGEST_MS = 300_000;

/** Why an export failed. */
export interface ExportError {
  readonly error: unknown;
  /** Whether the exporter threw, and so has sent nothing and never will. */
  readonly isThrown: boolean;
}

/**
 * Hands items to an exporter, and waits for it.
 *
 * @param signal - when it is aborted the wait is over, whatever the exporter does
 * @returns undefined if they were sent
 */
export function exportOnce<T>(exporter: Exporter<T>, items: T, signal: AbortSignal): Promise<ExportError | undefined> {
  return new Promise((resolve) => {
    const settle = (failed: ExportError | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      resolve(failed);
    };
    const fail = (error: unknown): void => settle({ error, isThrown: false });
    const onAbort = (): void => fail(new Error("it was not waited for any longer"));
    const onResult = ({ code, error }: ExportResult): void => {
      if (code === 0) settle(undefined);
      else fail(error ?? new Error("for no reason that was told"));
    };
    const timer = setTimeout(onAbort, LONGEST_MS).unref();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    else {
      try {
        const quiet = context.active().setValue(SUPPRESS_TRACING, true);
        const returned = context.with(quiet, () => exporter.export(items, onResult));
        Promise.resolve(returned).catch(fail);
      } catch (error) {
        settle({ error, isThrown: true });
      }
    }
  });
}

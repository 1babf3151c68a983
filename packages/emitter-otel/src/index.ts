import type { BatchEmitter } from "@hivewatch/core";
import { listenToDiagnostics } from "./diagnostics.ts";
import { otelEmitter } from "./otel-emitter.ts";

export type { LoggerProviderLike, OtelEmitterOptions } from "./options.ts";
export { otelEmitter } from "./otel-emitter.ts";

/** What `--emit otel` uses: all is told by OpenTelemetry's own environment variables. */
export default function emitterOfRun({ say }: { say(message: string): void }): BatchEmitter {
  const tell = (message: string): void => say(`[otel] ${message}`);
  listenToDiagnostics(tell);
  return otelEmitter({ onDiagnostic: tell });
}

import type { BatchEmitter } from "@hivewatch/core";
import { listenToDiagnostics } from "./diagnostics.ts";
import { checkParts, otelEmitter } from "./otel-emitter.ts";

export type { LoggerProviderLike, OtelEmitterOptions } from "./options.ts";
export { otelEmitter } from "./otel-emitter.ts";

/**
 * What `--emit otel` uses: all is told by OpenTelemetry's own environment variables.
 *
 * @throws HiveWatchError `usage` if a part of OpenTelemetry isn't installed, or a variable can't be used
 */
export default async function emitterOfRun({ say }: { say(message: string): void }): Promise<BatchEmitter> {
  const tell = (message: string): void => say(`[otel] ${message}`);
  listenToDiagnostics(tell);
  await checkParts({});
  return otelEmitter({ onDiagnostic: tell });
}

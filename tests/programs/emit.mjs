// Sends the events on standard input, a JSON list, with the emitter for OpenTelemetry that is installed in the current folder,
// and prints what became of each. It is handed to Node as text (`--eval`), so that its imports are looked for in that folder.
// `own`: with the emitter's own pipeline; `given`: with the providers of an SDK that the program has started.
import { parseEvent } from "@hivewatch/core";
import { otelEmitter } from "@hivewatch/emitter-otel";
import { metrics, trace } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";

const isGiven = process.argv.at(-1) === "given";
let text = "";
for await (const part of process.stdin) text += part;
const events = JSON.parse(text).map(parseEvent);

const sdk = isGiven ? new NodeSDK() : undefined;
sdk?.start();
const emitter = otelEmitter(isGiven ? await providers() : {});
for (const batch of [events.slice(0, 7), events.slice(7)]) {
  let answer;
  // As core does, but that it waits for longer each time.
  do {
    answer = await emitter.write(batch, AbortSignal.timeout(30_000));
    console.log(JSON.stringify(answer));
  } while (answer.status === "retry");
}
await emitter.finish();
await sdk?.shutdown();

/** The logs API is a package of its own before the line 3 of the SDK. */
async function providers() {
  const api = await import("@opentelemetry/api");
  const { logs } = "logs" in api ? api : await import("@opentelemetry/api-logs");
  return {
    meterProvider: metrics.getMeterProvider(),
    tracerProvider: trace.getTracerProvider(),
    loggerProvider: logs.getLoggerProvider(),
  };
}

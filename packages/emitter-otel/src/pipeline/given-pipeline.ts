import { errorMessage } from "@hivewatch/core";
import type { Tracer } from "@opentelemetry/api";
import { createApiSink } from "../metrics/api-sink.ts";
import type { Providers } from "../options.ts";
import type { Pipeline } from "./pipeline.ts";
import { SCOPE } from "./scope.ts";

/** After so many spans a provider is asked to send: the SDK's queue holds 2048, and drops what comes then. */
const SPANS_AT_ONCE = 512;

/** A pipeline of the program's own providers. Whoever owns them closes them. */
export function openGivenPipeline(
  { meterProvider, tracerProvider, loggerProvider }: Providers,
  runId: string,
  say: (message: string) => void,
): Pipeline {
  let isSilent = false;
  let spans = 0;
  const tracer = tracerProvider?.getTracer(SCOPE.name);

  return {
    sink: meterProvider && createApiSink(meterProvider.getMeter(SCOPE.name), runId, () => isSilent),
    tracer: tracer && counted(tracer, () => spans++),
    logger: loggerProvider?.getLogger(SCOPE.name),
    ids: undefined,
    unsent(work) {
      isSilent = true;
      work();
      isSilent = false;
    },
    makeRoom(signal) {
      if (spans < SPANS_AT_ONCE) return undefined;
      spans = 0;
      return flushed([tracerProvider], signal, say);
    },
    async flush(signal, isEnd) {
      if (isEnd) await flushed([meterProvider, tracerProvider, loggerProvider], signal, say);
      return [];
    },
    close: async () => {},
  };
}

/** A tracer that tells of each span that it starts. */
function counted(tracer: Tracer, onSpan: () => void): Tracer {
  return new Proxy(tracer, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        onSpan();
        return member.apply(target, args);
      };
    },
  });
}

async function flushed(
  providers: readonly unknown[],
  signal: AbortSignal,
  say: (message: string) => void,
): Promise<void> {
  const done = Promise.all(providers.map(async (provider) => flushOf(provider)?.())).catch((error: unknown) => {
    // Some reject with a list of errors.
    const reason = Array.isArray(error) ? error.map(errorMessage).join("; ") : errorMessage(error);
    say(`a provider could not send all: ${reason}`);
  });
  await settledBefore(done, signal);
}

/** Waits for something, but no longer than until the signal is aborted. */
async function settledBefore(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let stop = (): void => {};
  const over = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener("abort", stop, { once: true });
  });
  await Promise.race([work, over]);
  signal.removeEventListener("abort", stop);
}

/** Providers of an SDK have one; those of the API alone, and its proxy for the one that is registered, have none. */
function flushOf(provider: unknown): (() => unknown) | undefined {
  if (typeof provider !== "object" || provider === null) return undefined;
  if ("forceFlush" in provider && typeof provider.forceFlush === "function") return provider.forceFlush.bind(provider);
  if ("getDelegate" in provider && typeof provider.getDelegate === "function") return flushOf(provider.getDelegate());
  return undefined;
}

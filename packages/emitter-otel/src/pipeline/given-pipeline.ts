import { createApiSink } from "../metrics/api-sink.ts";
import type { Providers } from "../options.ts";
import type { Pipeline } from "./pipeline.ts";
import { createProviderQueue } from "./provider-queue.ts";
import { SCOPE } from "./scope.ts";

/** A round with 500 spans of clients, each with three parts, has 2,003. */
const SPANS = 32;
/** There is one for each client that a dropout names. */
const RECORDS = 512;

/** A pipeline of the program's own providers. Whoever owns them closes them. */
export function openGivenPipeline(
  { meterProvider, tracerProvider, loggerProvider }: Providers,
  runId: string,
  say: (message: string) => void,
): Pipeline {
  let isSilent = false;
  const spans = createProviderQueue({ what: "spans", provider: tracerProvider, mayWait: SPANS, say });
  const records = createProviderQueue({ what: "log records", provider: loggerProvider, mayWait: RECORDS, say });
  const metrics = createProviderQueue({ what: "metrics", provider: meterProvider, mayWait: 0, say });
  const tracer = tracerProvider?.getTracer(SCOPE.name);
  const logger = loggerProvider?.getLogger(SCOPE.name);

  return {
    sink: meterProvider && createApiSink(meterProvider.getMeter(SCOPE.name), runId, () => isSilent),
    tracer: tracer && counted(tracer, spans.add),
    logger: logger && counted(logger, records.add),
    ids: undefined,
    unsent(work) {
      isSilent = true;
      work();
      isSilent = false;
    },
    makeRoom(signal) {
      const [ofSpans, ofRecords] = [spans.makeRoom(signal), records.makeRoom(signal)];
      return ofSpans === undefined || ofRecords === undefined ? (ofSpans ?? ofRecords) : ofSpans.then(() => ofRecords);
    },
    async flush(signal, isEnd) {
      if (isEnd) return Promise.all([metrics, spans, records].map((queue) => queue.flush(signal)));
      return [spans.lost(), records.lost()];
    },
    close: async () => {},
  };
}

/** A tracer, or a logger, that tells of each thing that it is asked to make. */
function counted<T extends object>(maker: T, onMade: () => void): T {
  return new Proxy(maker, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        onMade();
        return member.apply(target, args);
      };
    },
  });
}

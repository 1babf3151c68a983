import type { NewsBoard } from "@hivewatch/runs/run-news.ts";
import type { EmitterModule } from "../emitters/find-emitters.ts";
import type { HealthBoard } from "../health/health-board.ts";
import type { EmitterData } from "./emitter-thread.ts";
import type { FilesData } from "./files-thread.ts";
import type { PageData, PageReady } from "./page-thread.ts";
import { type SupervisedThread, superviseThread } from "./supervise.ts";

export interface ReadersFlags {
  readonly runsDir: string;
  readonly host: string;
  readonly port: number;
  readonly allowHost: readonly string[];
  readonly allowEmbed: readonly string[];
  readonly keepLogs?: number;
}

export interface ReadersOptions {
  /** Where they are told of the logs that the ingest writes. */
  readonly subscribe: NewsBoard["subscribe"];
  readonly emitters: readonly EmitterModule[];
  /** Where it is kept how they do. */
  readonly health: HealthBoard;
  readonly say: (message: string) => void;
}

/** What reads the logs, each in a thread of its own. */
export interface ReaderThreads {
  readonly page: SupervisedThread<PageReady>;
  readonly others: readonly SupervisedThread<null>[];
}

const PAGE_STOP_MS = 5000;
const FILES_STOP_MS = 15_000;
/** More than an emitter gives its destination when it is told to end. */
const EMITTER_STOP_MS = 5000;

/** Starts the page, the writing of files, and each emitter: whatever one does, the ingest and the others go on. */
export function startReaders(flags: ReadersFlags, { subscribe, emitters, health, say }: ReadersOptions): ReaderThreads {
  const { runsDir, host, allowHost: allowHosts, allowEmbed } = flags;
  const filesData: FilesData = { runsDir, keepLogsDays: flags.keepLogs };
  // The built modules, also when this one is run from its source.
  const page = superviseThread<PageReady>({
    what: "The page",
    entry: new URL("./page-thread.js", import.meta.url),
    data: (last): PageData => ({ runsDir, host, port: last?.port ?? flags.port, allowHosts, allowEmbed }),
    health: health.of("page"),
    stopMs: PAGE_STOP_MS,
    subscribe,
    say,
  });
  const files = superviseThread<null>({
    what: "The writing of files",
    entry: new URL("./files-thread.js", import.meta.url),
    data: () => filesData,
    health: health.of("files"),
    stopMs: FILES_STOP_MS,
    subscribe,
    say,
  });
  const emitting = emitters.map((emitter) =>
    superviseThread<null>({
      what: `The emitter ${emitter.source}`,
      entry: new URL("./emitter-thread.js", import.meta.url),
      data: (): EmitterData => ({ ...emitter, runsDir }),
      health: health.of(`emitter-${emitter.reader}`),
      stopMs: EMITTER_STOP_MS,
      subscribe,
      say,
    }),
  );
  return { page, others: [files, ...emitting] };
}

import { errorMessage } from "@hivewatch/core";
import type { RunLog, RunStore } from "@hivewatch/runs";

/** The runs that are being written now. */
export interface RunSessions {
  /** The run's log, opened if it isn't. */
  open(runId: string): Promise<RunLog>;
  /** To be called when a run has finished: its log is closed until something more comes. */
  finished(runId: string): void;
  /** To be called when a log took no batch: it is opened anew for the next one, if that can be of any use. */
  failed(runId: string, log: RunLog): void;
  /** Begins to bring those files up to date, in the background, that a crash left behind their logs. */
  catchUp(): void;
  /** Closes everything, with the files written up to the last event. */
  close(): Promise<void>;
}

interface Session {
  readonly log: Promise<RunLog>;
  /** The log, once it is open. */
  opened: RunLog | undefined;
  readonly idle: NodeJS.Timeout;
  close(): Promise<void>;
}

/** Runs that never say that they have finished would be held for ever. */
const IDLE_MS = 15 * 60_000;

/**
 * Keeps one log open for each run that is being written, and its files written behind it.
 *
 * @param idleMs - a run of which nothing has come for so long is closed, until something does
 */
export function createRunSessions(
  store: RunStore,
  onDiagnostic: (message: string) => void,
  idleMs: number = IDLE_MS,
): RunSessions {
  const sessions = new Map<string, Session>();
  // What has to be over before a run is opened: a log has one writer, and so have its files.
  const closing = new Map<string, Promise<void>>();
  const stop = new AbortController();
  let catchingUp: Promise<void> = Promise.resolve();

  function start(runId: string): Session {
    const stopFiles = new AbortController();
    const log = Promise.resolve(closing.get(runId)).then(() => store.openLog(runId));
    const artifacts = log.then(
      () => writeFiles(runId, stopFiles.signal),
      () => undefined,
    );
    const session: Session = {
      log,
      opened: undefined,
      idle: setTimeout(() => closeSession(runId, session), idleMs).unref(),
      async close() {
        clearTimeout(session.idle);
        await session.opened?.close().catch((error: unknown) => onDiagnostic(errorMessage(error)));
        stopFiles.abort();
        await artifacts;
      },
    };
    log.then(
      (opened) => {
        session.opened = opened;
      },
      // One that couldn't be opened is tried anew by whoever comes next.
      () => closeSession(runId, session),
    );
    return session;
  }

  async function writeFiles(runId: string, signal?: AbortSignal): Promise<void> {
    try {
      await store.writeArtifacts(runId, signal);
    } catch (error) {
      onDiagnostic(`the files of run ${runId} can't be written: ${errorMessage(error)}`);
    }
  }

  function closeSession(runId: string, session: Session): void {
    if (sessions.get(runId) !== session) return;
    sessions.delete(runId);
    hold(
      runId,
      session.log.then(
        () => session.close(),
        (error: unknown) => {
          clearTimeout(session.idle);
          onDiagnostic(errorMessage(error));
        },
      ),
    );
  }

  /** @param done - never rejects */
  function hold(runId: string, done: Promise<void>): Promise<void> {
    const held = done.then(() => {
      if (closing.get(runId) === held) closing.delete(runId);
    });
    closing.set(runId, held);
    return held;
  }

  async function catchUpAll(): Promise<void> {
    for (const runId of await store.behindArtifacts()) {
      if (stop.signal.aborted) return;
      // Who has the log open brings its files up to date as well.
      if (!sessions.has(runId) && !closing.has(runId)) await hold(runId, writeFiles(runId));
    }
  }

  return {
    open(runId) {
      const session = sessions.get(runId) ?? start(runId);
      sessions.set(runId, session);
      session.idle.refresh();
      return session.log;
    },
    finished(runId) {
      const session = sessions.get(runId);
      if (session !== undefined) closeSession(runId, session);
    },
    failed(runId, log) {
      const session = sessions.get(runId);
      // A full disk is waited for, and one that failed stays failed: of these the open log tells. What another process
      // has taken it may give back.
      if (session?.opened === log && log.failure?.code === "locked") closeSession(runId, session);
    },
    catchUp() {
      catchingUp = catchUpAll().catch((error: unknown) => onDiagnostic(errorMessage(error)));
    },
    async close() {
      stop.abort();
      for (const [runId, session] of sessions) closeSession(runId, session);
      await catchingUp;
      await Promise.all(closing.values());
    },
  };
}

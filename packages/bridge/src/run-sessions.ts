import { errorMessage } from "@hivewatch/core";
import type { RunLog, RunStore } from "@hivewatch/runs";

/** The runs that are being written now. */
export interface RunSessions {
  /** The run's log, opened if it isn't. */
  open(runId: string): Promise<RunLog>;
  /** To be called when a run has finished: its log is closed until something more comes. */
  finished(runId: string): void;
  /** Closes everything, with the files written up to the last event. */
  close(): Promise<void>;
}

interface Session {
  readonly log: Promise<RunLog>;
  close(): Promise<void>;
}

/** Keeps one log open for each run that is being written, and its files written behind it. */
export function createRunSessions(store: RunStore, onDiagnostic: (message: string) => void): RunSessions {
  const sessions = new Map<string, Session>();
  const closing = new Map<string, Promise<void>>();

  function start(runId: string): Session {
    const stop = new AbortController();
    // The last session of this run may still be closing; a log has one writer.
    const log = Promise.resolve(closing.get(runId)).then(() => store.openLog(runId));
    const artifacts = log
      .then(() => store.writeArtifacts(runId, stop.signal))
      .catch((error: unknown) => onDiagnostic(`the files of run ${runId} can't be written: ${errorMessage(error)}`));
    return {
      log,
      async close() {
        await log.then((opened) => opened.close()).catch(() => undefined);
        stop.abort();
        await artifacts;
      },
    };
  }

  function closeSession(runId: string, session: Session): Promise<void> {
    sessions.delete(runId);
    const done = session.close().finally(() => {
      if (closing.get(runId) === done) closing.delete(runId);
    });
    closing.set(runId, done);
    return done;
  }

  return {
    open(runId) {
      let session = sessions.get(runId);
      if (session === undefined) {
        session = start(runId);
        sessions.set(runId, session);
        // One that couldn't be opened is tried anew by whoever comes next.
        const opened = session;
        opened.log.catch(() => closeSession(runId, opened));
      }
      return session.log;
    },
    finished(runId) {
      const session = sessions.get(runId);
      if (session !== undefined) void closeSession(runId, session);
    },
    async close() {
      for (const [runId, session] of sessions) void closeSession(runId, session);
      await Promise.all(closing.values());
    },
  };
}

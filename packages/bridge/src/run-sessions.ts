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
  /** How many logs are open, and how many of these take nothing more. */
  count(): OpenLogs;
  /** Closes everything. */
  close(): Promise<void>;
}

/** The logs that a bridge has open. */
export interface OpenLogs {
  readonly open: number;
  /** Of the open ones: those that take nothing more, because their disk failed or another process has taken them. */
  readonly failed: number;
}

interface Session {
  readonly log: Promise<RunLog>;
  /** The log, once it is open. */
  opened: RunLog | undefined;
  readonly idle: NodeJS.Timeout;
}

/** Runs that never say that they have finished would be held for ever. */
const IDLE_MS = 15 * 60_000;

/** Each holds files open, of which a process may have 1,024 on many systems. */
const MAX_OPEN = 200;

export interface RunSessionsLimits {
  /** A run of which nothing has come for so long is closed, until something does. Default: 15 minutes. */
  idleMs?: number | undefined;
  /** Of more open runs that which was silent for longest is closed, until something comes. Default 200. */
  maxOpen?: number | undefined;
}

/** Keeps one log open for each run that is being written. */
export function createRunSessions(
  store: RunStore,
  onDiagnostic: (message: string) => void,
  { idleMs = IDLE_MS, maxOpen = MAX_OPEN }: RunSessionsLimits = {},
): RunSessions {
  // The one that was used last is the last.
  const sessions = new Map<string, Session>();
  // What has to be over before a run is opened: a log has one writer.
  const closing = new Map<string, Promise<void>>();

  function start(runId: string): Session {
    const log = Promise.resolve(closing.get(runId)).then(() => store.openLog(runId));
    const session: Session = {
      log,
      opened: undefined,
      idle: setTimeout(() => closeSession(runId, session), idleMs).unref(),
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

  function closeSession(runId: string, session: Session): void {
    if (sessions.get(runId) !== session) return;
    sessions.delete(runId);
    clearTimeout(session.idle);
    const closed = session.log
      .then((log) => log.close())
      .catch((error: unknown) => onDiagnostic(errorMessage(error)))
      .then(() => {
        if (closing.get(runId) === closed) closing.delete(runId);
      });
    closing.set(runId, closed);
  }

  return {
    open(runId) {
      const session = sessions.get(runId) ?? start(runId);
      sessions.delete(runId);
      sessions.set(runId, session);
      session.idle.refresh();
      const [oldest] = sessions;
      if (sessions.size > maxOpen && oldest !== undefined) closeSession(...oldest);
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
    count() {
      const failed = [...sessions.values()].filter(({ opened }) => opened?.failure !== undefined);
      return { open: sessions.size, failed: failed.length };
    },
    async close() {
      for (const [runId, session] of sessions) closeSession(runId, session);
      await Promise.all(closing.values());
    },
  };
}

import { workerData } from "node:worker_threads";
import { HiveWatchError } from "@hivewatch/core";
import { createReaderHealth, keepDelivering, openRunStore } from "@hivewatch/runs";
import { CLIENT_DESTINATIONS, readOptions } from "../emitters/client-destinations.ts";
import { findDeclaration } from "../emitters/declarations.ts";
import { loadFactory } from "../emitters/load-emitter.ts";
import { emitterPoints } from "../health/reader-points.ts";
import { runThread } from "./inside-thread.ts";
import { stepBack } from "./step-back.ts";

/** What the thread of an emitter is started with that runs declare. */
export interface DeclaredEmitterData {
  /** That of the emitter, and of its cursors. */
  readonly name: string;
  readonly factory: string;
  readonly url: string;
  readonly runsDir: string;
}

const { name, factory, url, runsDir }: DeclaredEmitterData = workerData;

stepBack();
await runThread<null>(async ({ signal, onNews, measure, say, notify }, ready) => {
  const destination = CLIENT_DESTINATIONS.get(name);
  if (destination === undefined) throw new HiveWatchError("usage", `no run can declare ${name}`);
  const store = openRunStore({ dir: runsDir, onDiagnostic: say });
  onNews(store.tell);
  const make = await loadFactory(name, url, factory);
  const undeclared = new Set<string>();

  /** A cursor may also be of a bridge that took all runs there. */
  async function isDeclared(runId: string): Promise<boolean> {
    if (undeclared.has(runId)) return false;
    const isThere = (await findDeclaration(store, runId, name)) !== undefined;
    // So that a long log is not read again with each batch.
    if (!isThere) undeclared.add(runId);
    return isThere;
  }

  const health = createReaderHealth(name);
  const delivered = keepDelivering(store, {
    reader: name,
    wants: isDeclared,
    async open(runId) {
      const declaration = await findDeclaration(store, runId, name);
      const { options } = readOptions(destination, declaration?.options ?? {}, process.env);
      const onDiagnostic = (message: string): void => notify(runId, `[${name}] ${message}`);
      return make({ ...options, ...destination.always, onDiagnostic });
    },
    signal,
    health,
    onDiagnostic: (message, runId) => (runId === undefined ? say(message) : notify(runId, message)),
  });
  measure(() => emitterPoints(health));
  ready(null);
  await delivered;
});

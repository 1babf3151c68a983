import { workerData } from "node:worker_threads";
import { createReaderHealth, keepDelivering, openRunStore } from "@hivewatch/runs";
import type { EmitterModule } from "../emitters/find-emitters.ts";
import { loadEmitter } from "../emitters/load-emitter.ts";
import { emitterPoints } from "../health/reader-points.ts";
import { runThread } from "./inside-thread.ts";
import { stepBack } from "./step-back.ts";

/** What the thread of an emitter is started with. */
export interface EmitterData extends EmitterModule {
  readonly runsDir: string;
}

const { runsDir, ...module }: EmitterData = workerData;

stepBack();
await runThread<null>(async ({ signal, onNews, measure, say }, ready) => {
  const store = openRunStore({ dir: runsDir, onDiagnostic: say });
  onNews(store.tell);
  const emitter = await loadEmitter(module);
  const { reader } = module;
  const open = (runId: string) => emitter.ofRun({ runId, say });
  const health = createReaderHealth(reader);
  const delivered = keepDelivering(store, { reader, open, signal, health, onDiagnostic: say });
  measure(() => emitterPoints(health));
  ready(null);
  await delivered;
  await emitter.finish();
});

import { workerData } from "node:worker_threads";
import { keepDelivering, openRunStore } from "@hivewatch/runs";
import type { EmitterModule } from "../emitters/find-emitters.ts";
import { loadEmitter } from "../emitters/load-emitter.ts";
import { runThread } from "./inside-thread.ts";
import { stepBack } from "./step-back.ts";

/** What the thread of an emitter is started with. */
export interface EmitterData extends EmitterModule {
  readonly runsDir: string;
}

const { runsDir, ...module }: EmitterData = workerData;

stepBack();
await runThread<null>(async ({ signal, onNews, say }, ready) => {
  const store = openRunStore({ dir: runsDir, onDiagnostic: say });
  onNews(store.tell);
  const emitter = await loadEmitter(module);
  const { reader } = module;
  const open = (runId: string) => emitter.ofRun({ runId, say });
  const delivered = keepDelivering(store, { reader, open, signal, onDiagnostic: say });
  ready(null);
  await delivered;
  await emitter.finish();
});

import type { BatchEmitter } from "@hivewatch/core";
import { mlflowEmitter } from "./mlflow-emitter.ts";

export { mlflowEmitter } from "./mlflow-emitter.ts";
export type { MlflowEmitterOptions } from "./options.ts";

/** What `--emit mlflow` uses: all is told by MLflow's own environment variables. */
export default function emitterOfRun({ say }: { say(message: string): void }): BatchEmitter {
  return mlflowEmitter({ onDiagnostic: (message) => say(`[mlflow] ${message}`) });
}

import type { BatchEmitter } from "@hivewatch/core";
import { mlflowEmitter } from "./mlflow-emitter.ts";

export { mlflowEmitter } from "./mlflow-emitter.ts";
export type { MlflowEmitterOptions } from "./options.ts";

/** What `--emit mlflow` uses: all is told by MLflow's own environment variables. */
export default function emitterOfRun({ say }: { say(message: string): void }): BatchEmitter {
  // The page of a server that was started here is there for as long as HiveWatch is.
  return mlflowEmitter({ startServer: "keep", onDiagnostic: (message) => say(`[mlflow] ${message}`) });
}

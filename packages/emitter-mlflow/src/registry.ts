import { stringifyEvent } from "@hivewatch/core";
import { RequestFailure } from "./failure.ts";
import { listIn, textIn } from "./json-members.ts";
import type { MlflowRun } from "./mlflow-api.ts";
import type { Requester } from "./request.ts";

/**
 * Makes a folder of a run's artifacts a version of a registered model, unless it is one.
 *
 * @throws RequestFailure
 */
export async function registerVersion(
  requester: Requester,
  model: string,
  { run, folder }: { run: MlflowRun; folder: string },
  signal: AbortSignal,
): Promise<void> {
  const post = (path: string, body: unknown): Promise<unknown> =>
    requester.ask({ method: "POST", path: `api/2.0/mlflow/${path}`, body: stringifyEvent(body) }, signal);
  const source = `${run.artifactUri}/${folder}`;
  await post("registered-models/create", { name: model }).catch((failure: unknown) => {
    if (!(failure instanceof RequestFailure) || failure.code !== "RESOURCE_ALREADY_EXISTS") throw failure;
  });
  const query = { filter: `run_id = '${run.id}'`, max_results: "1000" };
  const found = await requester.ask({ method: "GET", path: "api/2.0/mlflow/model-versions/search", query }, signal);
  const isThere = listIn(found, "model_versions").some(
    (version) => textIn(version, "name") === model && textIn(version, "source") === source,
  );
  if (!isThere) await post("model-versions/create", { name: model, source, run_id: run.id });
}

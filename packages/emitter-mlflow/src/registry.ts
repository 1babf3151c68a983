import { stringifyEvent } from "@hivewatch/core";
import { RequestFailure } from "./failure.ts";
import { listIn, textIn } from "./json-members.ts";
import type { Requester } from "./request.ts";

/** What becomes a version of a registered model. */
export interface VersionSource {
  readonly runId: string;
  /** Where its files are: `models:/…` of a logged model, or artifacts of the run. */
  readonly uri: string;
  /** Of the logged model. */
  readonly modelId?: string | undefined;
}

/**
 * Makes a version of a registered model, unless it is there.
 *
 * @throws RequestFailure
 */
export async function registerVersion(
  requester: Requester,
  name: string,
  { runId, uri, modelId }: VersionSource,
  signal: AbortSignal,
): Promise<void> {
  const post = (path: string, body: unknown): Promise<unknown> =>
    requester.ask({ method: "POST", path: `api/2.0/mlflow/${path}`, body: stringifyEvent(body) }, signal);
  await post("registered-models/create", { name }).catch((failure: unknown) => {
    if (!(failure instanceof RequestFailure) || failure.code !== "RESOURCE_ALREADY_EXISTS") throw failure;
  });
  const query = { filter: `run_id = '${runId}'`, max_results: "1000" };
  const found = await requester.ask({ method: "GET", path: "api/2.0/mlflow/model-versions/search", query }, signal);
  const isThere = listIn(found, "model_versions").some(
    (version) => textIn(version, "name") === name && textIn(version, "source") === uri,
  );
  if (!isThere) await post("model-versions/create", { name, source: uri, run_id: runId, model_id: modelId });
}

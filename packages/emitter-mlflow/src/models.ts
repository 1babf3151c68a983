import { stringifyEvent } from "@hivewatch/core";
import { IMPOSSIBLE, isThere, RequestFailure } from "./failure.ts";
import { listIn, member, textIn } from "./json-members.ts";
import type { MlflowRun } from "./mlflow-api.ts";
import { sourceTags } from "./open-run.ts";
import type { Param } from "./params.ts";
import type { Requester } from "./request.ts";

/** A model of MLflow 3, which belongs to the run that made it. */
export interface LoggedModel {
  readonly id: string;
  /** Where its files are, as MLflow names it. */
  readonly artifactUri: string;
}

/** What becomes a logged model. */
export interface ModelSource {
  readonly run: MlflowRun;
  /** Letters, digits, `_` and `-`. */
  readonly name: string;
  readonly round: number;
  readonly params: readonly Param[];
}

const API = "api/2.0/mlflow/";
/** What MLflow's own client sends with a new model. */
const MAX_PARAMS = 100;

/**
 * Finds the logged model of a run, or makes one, which waits for its files.
 *
 * @throws RequestFailure
 */
export async function openModel(
  requester: Requester,
  { run, name, round, params }: ModelSource,
  signal: AbortSignal,
): Promise<LoggedModel> {
  const filter = `source_run_id = '${run.id}' AND name = '${name}'`;
  const found = await post(requester, "logged-models/search", { experiment_ids: [run.experimentId], filter }, signal);
  const [known] = listIn(found, "models");
  if (known !== undefined) return modelIn(known);
  const tags = [{ key: "hivewatch/round", value: String(round) }, ...sourceTags()];
  const told = params.slice(0, MAX_PARAMS);
  const model = { experiment_id: run.experimentId, name, source_run_id: run.id, tags, params: told };
  return modelIn(member(await post(requester, "logged-models", model, signal), "model"));
}

/**
 * Says that all files of a model are there, and that it is what the run had at that step.
 *
 * @throws RequestFailure
 */
export async function finishModel(
  requester: Requester,
  { id }: LoggedModel,
  { run, round }: ModelSource,
  signal: AbortSignal,
): Promise<void> {
  const ready = stringifyEvent({ model_id: id, status: "LOGGED_MODEL_READY" });
  await requester.ask({ method: "PATCH", path: `${API}logged-models/${id}`, body: ready }, signal);
  const outputs = { run_id: run.id, models: [{ model_id: id, step: round }] };
  await post(requester, "runs/outputs", outputs, signal).catch((failure: unknown) => {
    if (!isThere(failure)) throw failure;
  });
}

/** What MLflow wants to find among a model's files, for one that no flavor of its own can load. JSON is YAML, too. */
export function descriptionOf({ id, artifactUri }: LoggedModel, { run }: ModelSource): string {
  return stringifyEvent({ artifact_path: artifactUri, flavors: {}, model_id: id, model_uuid: id, run_id: run.id });
}

async function post(requester: Requester, path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
  try {
    return await requester.ask({ method: "POST", path: API + path, body: stringifyEvent(body) }, signal);
  } catch (failure) {
    if (!(failure instanceof RequestFailure) || failure.status !== 404 || failure.code !== "") throw failure;
    throw new RequestFailure("this MLflow has no logged models; they came with MLflow 3", { code: IMPOSSIBLE });
  }
}

function modelIn(model: unknown): LoggedModel {
  const info = member(model, "info");
  return { id: textIn(info, "model_id"), artifactUri: textIn(info, "artifact_uri") };
}

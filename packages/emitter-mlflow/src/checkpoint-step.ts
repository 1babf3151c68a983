import { type Artifact, checkpointFiles, putArtifact } from "./artifacts.ts";
import { isRefusal } from "./failure.ts";
import type { MlflowApi, MlflowRun } from "./mlflow-api.ts";
import { descriptionOf, finishModel, openModel } from "./models.ts";
import type { Param } from "./params.ts";
import { registerVersion, type VersionSource } from "./registry.ts";
import type { Refused } from "./send-split.ts";
import type { CheckpointFile, Point } from "./translate.ts";

/** What is made of checkpoints. */
export interface CheckpointOptions {
  /** Where they may be read. Undefined: they are not sent. */
  readonly checkpointDir: string | undefined;
  /** Whether each becomes a logged model, which then has its files. */
  readonly logModels: boolean;
  /** The registered model of which each becomes a version. */
  readonly registerModel: string | undefined;
}

export interface CheckpointContext extends CheckpointOptions {
  readonly api: MlflowApi;
}

/**
 * Sends a checkpoint, as often as it takes.
 *
 * @param folder - where it may be read
 * @returns what would not be taken
 * @throws RequestFailure
 */
export async function putCheckpoint(
  { api, logModels, registerModel }: CheckpointContext,
  { path, round, points, params, folder }: CheckpointFile & { folder: string },
  run: MlflowRun,
  signal: AbortSignal,
): Promise<readonly Refused<unknown>[]> {
  const files = await checkpointFiles(folder, path);
  if (typeof files === "string") return [{ item: path, reason: `a checkpoint is not sent: ${files}` }];
  const sending = { api, run, round, points, params, files, signal, name: `round_${String(round).padStart(4, "0")}` };
  try {
    const { refused, source } = await (logModels ? sendAsModel(sending) : sendAsArtifacts(sending));
    if (registerModel === undefined || refused.length > 0) return refused;
    await registerVersion(api.requester, registerModel, source, signal);
    return [];
  } catch (failure) {
    if (!isRefusal(failure)) throw failure;
    return [{ item: path, reason: `a checkpoint is not taken: ${failure.message}` }];
  }
}

interface Sending {
  readonly api: MlflowApi;
  readonly run: MlflowRun;
  readonly name: string;
  readonly round: number;
  readonly points: readonly Point[];
  readonly params: readonly Param[];
  readonly files: readonly Artifact[];
  readonly signal: AbortSignal;
}

interface Sent {
  readonly refused: readonly Refused<unknown>[];
  readonly source: VersionSource;
}

async function sendAsArtifacts({ api, run, name, files, signal }: Sending): Promise<Sent> {
  const folder = ["checkpoints", name];
  const refused: Refused<unknown>[] = [];
  for (const { path, content } of files) {
    const artifact = { path: [...folder, ...path], content };
    refused.push(...(await putArtifact(api.requester, run.artifactUri, artifact, signal)));
  }
  return { refused, source: { runId: run.id, uri: [run.artifactUri, ...folder].join("/") } };
}

async function sendAsModel({ api, run, name, round, points, params, files, signal }: Sending): Promise<Sent> {
  const origin = { run, name, round, params };
  const model = await openModel(api.requester, origin, signal);
  const source = { runId: run.id, uri: `models:/${model.id}`, modelId: model.id };
  const description = { path: ["MLmodel"], content: descriptionOf(model, origin) };
  const refused: Refused<unknown>[] = [];
  for (const file of [description, ...files]) {
    refused.push(...(await putArtifact(api.requester, model.artifactUri, file, signal)));
  }
  if (refused.length > 0) return { refused, source };
  await finishModel(api.requester, model, origin, signal);
  // The run has these values already; now the model has them, too, by which models are compared.
  const metrics = points.map((point) => ({ ...point, model_id: model.id }));
  if (metrics.length > 0) await api.logBatch(run.id, { metrics }, signal);
  return { refused, source };
}

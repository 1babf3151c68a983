import { userInfo } from "node:os";
import { isMissing, isRefusal, MENDED_BY_A_PERSON_MS, RequestFailure } from "./failure.ts";
import type { MlflowApi, MlflowRun, Tag } from "./mlflow-api.ts";
import { headOf, keyOf, MAX_KEY_LENGTH, safePart, safeText, tagText } from "./names.ts";
import type { RunFacts } from "./translate.ts";

/** By it a run is found again. */
const RUN_ID_TAG = "hivewatch/run_id";

export interface RunPlace {
  /** An id goes before a name. */
  readonly experimentId: string | undefined;
  readonly experiment: string;
  readonly runName: string | undefined;
  readonly resumeRunId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export interface OpenedRun {
  readonly run: MlflowRun;
  readonly isNew: boolean;
}

/**
 * Finds the MLflow run of a run by its tag, and makes one only if there is none: `runs/create` makes another one each time
 * that it is called, also if its answer was lost.
 *
 * @throws RequestFailure
 */
export async function openRun(
  api: MlflowApi,
  runId: string,
  { place, facts, signal }: { place: RunPlace; facts: Readonly<RunFacts>; signal: AbortSignal },
): Promise<OpenedRun> {
  const tag = { key: RUN_ID_TAG, value: runId };
  if (place.resumeRunId !== undefined) {
    const run = await api.run(place.resumeRunId, signal);
    if (run.isDeleted) throw deletedRun(run.id, runId);
    await api.logBatch(run.id, { tags: [tag] }, signal);
    return { run, isNew: false };
  }
  const experimentId = place.experimentId ?? (await findExperiment(api, place.experiment, signal));
  const found = await api.runsByTag(experimentId, tag, signal);
  const known = found.find(({ isEmpty }) => !isEmpty) ?? found[0];
  if (known !== undefined) return { run: known, isNew: false };
  const run = await api.createRun(
    {
      experiment_id: experimentId,
      run_name: headOf(safeText(place.runName ?? place.tags[NAME_TAG] ?? runId), MAX_KEY_LENGTH),
      start_time: facts.startTime ?? Date.now(),
      tags: tagsOf(tag, place),
    },
    signal,
  );
  return { run, isNew: true };
}

/** MLflow sets it itself, by the run's name. */
const NAME_TAG = "mlflow.runName";

/** Each name once: MLflow refuses a run that has one twice. */
function tagsOf(own: Tag, { tags }: RunPlace): Tag[] {
  const further = Object.entries(tags).map(([name, value]) => {
    const key = keyOf(...name.split("/").map(safePart));
    return { key, value: tagText(value) };
  });
  const byKey = new Map([...sourceTags(), ...further, own].map((tag) => [tag.key, tag]));
  byKey.delete(NAME_TAG);
  return [...byKey.values()];
}

/**
 * The run that is to be gone on with in place of one that was deleted: that of `replay --again`, or whichever has the tag.
 *
 * @throws RequestFailure
 */
export async function successorOf(
  api: MlflowApi,
  runId: string,
  { experimentId }: MlflowRun,
  signal: AbortSignal,
): Promise<MlflowRun | undefined> {
  const found = await api.runsByTag(experimentId, { key: RUN_ID_TAG, value: runId }, signal);
  return found.find(({ isEmpty }) => !isEmpty);
}

/**
 * Deletes empty twins of a run: each call of `runs/create` whose answer was lost may have made one, also after it was
 * looked for.
 *
 * @throws RequestFailure
 */
export async function deleteTwins(api: MlflowApi, runId: string, run: MlflowRun, signal: AbortSignal): Promise<void> {
  const found = await api.runsByTag(run.experimentId, { key: RUN_ID_TAG, value: runId }, signal);
  for (const { id, isEmpty } of found) if (id !== run.id && isEmpty) await api.deleteRun(id, signal);
}

async function findExperiment(api: MlflowApi, name: string, signal: AbortSignal): Promise<string> {
  const found = await api.experimentByName(name, signal).catch((failure: unknown) => {
    if (isMissing(failure)) return undefined;
    throw failure;
  });
  if (found === undefined) return createExperiment(api, name, signal);
  if (!found.isDeleted) return found.id;
  const message = `the experiment ${name} was deleted in MLflow: restore it there (mlflow experiments restore --experiment-id ${found.id}), or choose another one`;
  throw new RequestFailure(message, { afterMs: MENDED_BY_A_PERSON_MS });
}

async function createExperiment(api: MlflowApi, name: string, signal: AbortSignal): Promise<string> {
  try {
    return await api.createExperiment(name, signal);
  } catch (failure) {
    // Somebody else was quicker.
    const found = isRefusal(failure) ? await api.experimentByName(name, signal) : undefined;
    if (found === undefined) throw failure;
    return found.id;
  }
}

/** What MLflow's page shows as source and user of a run or a model. */
export function sourceTags(): Tag[] {
  return [
    { key: "mlflow.source.name", value: "hivewatch" },
    { key: "mlflow.source.type", value: "LOCAL" },
    { key: "mlflow.user", value: userName() },
  ];
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user may have no name.
    return "unknown";
  }
}

export function deletedRun(mlflowRunId: string, runId: string): RequestFailure {
  const message = `the run ${mlflowRunId} was deleted in MLflow: restore it there (mlflow runs restore --run-id ${mlflowRunId}), and it goes on; or send all of it to a new one: hivewatch replay ${runId} --to mlflow --again`;
  return new RequestFailure(message, { afterMs: MENDED_BY_A_PERSON_MS });
}

import { stringifyEvent } from "@hivewatch/core";
import { listIn, member, textIn } from "./json-members.ts";
import type { Param } from "./params.ts";
import type { Requester } from "./request.ts";
import type { Point } from "./translate.ts";

/** A run of MLflow. */
export interface MlflowRun {
  readonly id: string;
  readonly experimentId: string;
  /** Where its artifacts are, as MLflow names it. */
  readonly artifactUri: string;
  readonly isDeleted: boolean;
  /** Whether nothing was logged to it: there is no metric and no param. */
  readonly isEmpty: boolean;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface NewRun {
  readonly experiment_id: string;
  readonly run_name: string;
  readonly start_time: number;
  readonly tags: readonly Tag[];
}

/** The calls of MLflow's REST API that are needed. All throw RequestFailure. */
export interface MlflowApi {
  readonly requester: Requester;
  /** @returns undefined if there is none of that name */
  experimentByName(name: string, signal: AbortSignal): Promise<{ id: string; isDeleted: boolean } | undefined>;
  createExperiment(name: string, signal: AbortSignal): Promise<string>;
  run(id: string, signal: AbortSignal): Promise<MlflowRun>;
  /** @returns the value of a tag; empty if the run has none of that name */
  tagOf(runId: string, key: string, signal: AbortSignal): Promise<string>;
  /** The runs of an experiment with a tag that were not deleted. */
  runsByTag(experimentId: string, tag: Tag, signal: AbortSignal): Promise<MlflowRun[]>;
  deleteRun(runId: string, signal: AbortSignal): Promise<void>;
  createRun(run: NewRun, signal: AbortSignal): Promise<MlflowRun>;
  logBatch(runId: string, batch: LogBatch, signal: AbortSignal): Promise<void>;
  logDataset(runId: string, dataset: Dataset, signal: AbortSignal): Promise<void>;
  updateRun(runId: string, update: { status: string; end_time?: number }, signal: AbortSignal): Promise<void>;
}

/** At most 1000 metrics, 100 params and 100 tags, and 1000 of all. */
export interface LogBatch {
  readonly metrics?: readonly Point[];
  readonly params?: readonly Param[];
  readonly tags?: readonly Tag[];
}

/** What a run trains on. MLflow keeps each name and digest once. */
export interface Dataset {
  readonly name: string;
  readonly digest: string;
  readonly source_type: string;
  /** JSON. */
  readonly source: string;
}

const API = "api/2.0/mlflow/";

export function createMlflowApi(requester: Requester): MlflowApi {
  const post = (path: string, body: unknown, signal: AbortSignal): Promise<unknown> =>
    requester.ask({ method: "POST", path: API + path, body: stringifyEvent(body) }, signal);
  const get = (path: string, query: Record<string, string>, signal: AbortSignal): Promise<unknown> =>
    requester.ask({ method: "GET", path: API + path, query }, signal);

  return {
    requester,
    async experimentByName(name, signal) {
      const found = await get("experiments/get-by-name", { experiment_name: name }, signal);
      const experiment = member(found, "experiment");
      const id = textIn(experiment, "experiment_id");
      return id === "" ? undefined : { id, isDeleted: textIn(experiment, "lifecycle_stage") === "deleted" };
    },
    async createExperiment(name, signal) {
      return textIn(await post("experiments/create", { name }, signal), "experiment_id");
    },
    async run(id, signal) {
      return runIn(member(await get("runs/get", { run_id: id }, signal), "run"));
    },
    async tagOf(runId, key, signal) {
      const data = member(member(await get("runs/get", { run_id: runId }, signal), "run"), "data");
      return textIn(
        listIn(data, "tags").find((tag) => textIn(tag, "key") === key),
        "value",
      );
    },
    async runsByTag(experimentId, { key, value }, signal) {
      const filter = `tags.\`${key}\` = "${value}"`;
      const body = { experiment_ids: [experimentId], filter, max_results: 100 };
      return listIn(await post("runs/search", body, signal), "runs").map(runIn);
    },
    async deleteRun(runId, signal) {
      await post("runs/delete", { run_id: runId }, signal);
    },
    async createRun(run, signal) {
      return runIn(member(await post("runs/create", run, signal), "run"));
    },
    async logBatch(runId, batch, signal) {
      await post("runs/log-batch", { run_id: runId, ...batch }, signal);
    },
    async logDataset(runId, dataset, signal) {
      await post("runs/log-inputs", { run_id: runId, datasets: [{ dataset }] }, signal);
    },
    async updateRun(runId, update, signal) {
      await post("runs/update", { run_id: runId, ...update }, signal);
    },
  };
}

function runIn(run: unknown): MlflowRun {
  const info = member(run, "info");
  const data = member(run, "data");
  return {
    id: textIn(info, "run_id"),
    experimentId: textIn(info, "experiment_id"),
    artifactUri: textIn(info, "artifact_uri"),
    isDeleted: textIn(info, "lifecycle_stage") === "deleted",
    isEmpty: listIn(data, "metrics").length + listIn(data, "params").length === 0,
  };
}

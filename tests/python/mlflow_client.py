"""Logs a run with MLflow's own client, as JSON on standard input says."""

import json
import sys

import mlflow
from mlflow.entities import Metric

given = json.load(sys.stdin)
mlflow.set_tracking_uri(given["uri"])
mlflow.set_experiment(given["experiment"])
with mlflow.start_run(run_name=given["run_id"], tags={"hivewatch/run_id": given["run_id"]}) as run:
    mlflow.log_params(given["params"])
    metrics = [Metric(m["key"], float(m["value"]), m["timestamp"], m["step"]) for m in given["metrics"]]
    mlflow.MlflowClient().log_batch(run.info.run_id, metrics=metrics)
    mlflow.log_table(given["table"], "dropouts.json")

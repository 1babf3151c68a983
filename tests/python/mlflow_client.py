"""Logs a run with MLflow's own client, as JSON on standard input says, and reads a version of a model that is there."""

import json
import sys
from pathlib import Path

import mlflow
from mlflow.entities import LoggedModelOutput, LoggedModelStatus, Metric

given = json.load(sys.stdin)
mlflow.set_tracking_uri(given["uri"])
mlflow.set_experiment(given["experiment"])
with mlflow.start_run(run_name=given["run_id"], tags={"hivewatch/run_id": given["run_id"]}) as run:
    mlflow.log_params(given["params"])
    metrics = [Metric(m["key"], float(m["value"]), m["timestamp"], m["step"]) for m in given["metrics"]]
    mlflow.MlflowClient().log_batch(run.info.run_id, metrics=metrics)
    mlflow.log_table(given["table"], "dropouts.json")
    client = mlflow.MlflowClient()
    model = mlflow.initialize_logged_model(
        "round_0001", source_run_id=run.info.run_id, params=given["model_params"]
    )
    (Path.cwd() / "MLmodel").write_text(f"flavors: {{}}\nmodel_id: {model.model_id}\nrun_id: {run.info.run_id}\n")
    client.log_model_artifacts(model.model_id, str(Path.cwd()))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(run.info.run_id, models=[LoggedModelOutput(model.model_id, 1)])
    for metric in given["merits"]:
        mlflow.log_metric(**metric, step=1, model_id=model.model_id)
    mlflow.register_model(f"models:/{model.model_id}", given["registered"])

print(Path(mlflow.artifacts.download_artifacts(given["checkpoint"])).read_text())

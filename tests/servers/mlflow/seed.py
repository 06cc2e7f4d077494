"""Fills an MLflow server with what a cockpit must tell apart: runs in every status and registered scikit-learn models.

Usage: seed.py URL [--small]. The small form leaves one model with one version. It starts and ends no server.
"""

import math
import sys

import mlflow
import numpy as np
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

FEATURES = np.array([[0.0], [1.0], [2.0], [3.0]])
LABELS = [0, 0, 1, 1]
# Given, so that MLflow does not start an interpreter per model to find out what the model imports.
REQUIREMENTS = ["scikit-learn", "numpy"]


def train(number: int, strength: float) -> None:
    """One finished run with parameters, a loss curve, and a new version of churn-clf."""
    with mlflow.start_run(run_name=f"train-{number}"):
        model = LogisticRegression(C=strength).fit(FEATURES, LABELS)
        mlflow.log_params({"C": strength, "solver": "lbfgs"})
        for step in range(10):
            mlflow.log_metric("loss", math.exp(-step * strength / 5), step=step)
        mlflow.log_metric("auc", 0.7 + number / 20)
        mlflow.set_tag("team", "growth")
        mlflow.sklearn.log_model(
            model,
            name="model",
            registered_model_name="churn-clf",
            input_example=FEATURES[:1],
            pip_requirements=REQUIREMENTS,
        )


def fail() -> None:
    """A run that ends as FAILED, with a metric that is not a number."""
    try:
        with mlflow.start_run(run_name="diverged"):
            mlflow.log_metric("loss", float("nan"))
            raise RuntimeError("loss is not a number")
    except RuntimeError:
        pass


def seed(url: str, small: bool) -> None:
    mlflow.set_tracking_uri(url)
    client = MlflowClient()
    experiment = mlflow.set_experiment("churn").experiment_id
    strengths = [1.0] if small else [0.1, 1.0, 10.0]
    for number, strength in enumerate(strengths, start=1):
        train(number, strength)
    client.set_registered_model_alias("churn-clf", "champion", str(max(1, len(strengths) - 1)))
    if small:
        return

    client.set_registered_model_alias("churn-clf", "challenger", "3")
    client.update_registered_model("churn-clf", "Predicts which customers leave")
    client.set_model_version_tag("churn-clf", "3", "validation_status", "pending")
    client.create_registered_model("no-versions-yet")
    fail()
    running = client.create_run(experiment, run_name="long-training").info.run_id
    client.log_metric(running, "loss", 1.5, step=3)
    killed = client.create_run(experiment, run_name="killed").info.run_id
    client.set_terminated(killed, "KILLED")
    mlflow.create_experiment("fraud", tags={"team": "risk"})


if __name__ == "__main__":
    seed(sys.argv[1], small="--small" in sys.argv[2:])

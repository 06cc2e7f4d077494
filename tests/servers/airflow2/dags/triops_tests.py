"""One DAG for every state that a cockpit must tell apart."""

import time
from datetime import datetime

from airflow import DAG, Dataset
from airflow.decorators import task

START = datetime(2024, 1, 1)
ORDERS = Dataset("s3://lake/orders")

with DAG(
    "ok_daily", schedule="@yearly", start_date=START, catchup=False, tags=["finance", "tier1"],
    description="Loads the orders of a day", default_args={"owner": "team-data"},
):

    @task
    def extract():
        print("extracted 42 rows")
        return 42

    @task(outlets=[ORDERS])
    def load(rows):
        print(f"loaded {rows} rows")

    load(extract())

with DAG("fails_always", schedule=None, start_date=START, tags=["payments"], default_args={"owner": "team-pay"}):

    @task
    def prepare():
        print("so far, so good")

    @task(retries=0)
    def charge():
        raise ValueError("card gateway answered 503")

    @task
    def notify():
        print("never runs")

    prepare() >> charge() >> notify()

with DAG("long_running", schedule=None, start_date=START, tags=["ml"]):

    @task
    def train():
        for epoch in range(100_000):
            print(f"epoch {epoch}", flush=True)
            time.sleep(1)

    train()

# for the tests that act
with DAG("acted_upon", schedule=[ORDERS], start_date=START):

    @task
    def wait():
        time.sleep(3600)

    wait()

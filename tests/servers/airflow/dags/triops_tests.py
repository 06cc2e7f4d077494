"""One DAG for every state that a cockpit must tell apart."""

import time
from datetime import datetime, timedelta

from airflow.sdk import DAG, Param, task

START = datetime(2024, 1, 1)

with DAG(
    "ok_daily",
    schedule="@daily",
    start_date=START,
    catchup=False,
    max_active_runs=2,
    tags=["finance", "tier1"],
    description="Loads the orders of a day",
    default_args={"owner": "team-data"},
):

    @task
    def extract():
        print("extracted 42 rows")
        return 42

    @task
    def check(rows):
        print(f"{rows} rows are plausible")
        return rows

    @task
    def enrich(rows):
        time.sleep(1)
        print(f"enriched {rows} rows")
        return rows

    @task
    def load(checked, enriched):
        print(f"loaded {checked} of {enriched} rows")

    rows = extract()
    load(check(rows), enrich(rows))

with DAG("fails_always", schedule=None, start_date=START, tags=["payments"], default_args={"owner": "team-pay"}):

    @task
    def prepare():
        print("so far, so good")

    @task(retries=0)
    def charge():
        raise ValueError("card gateway answered 503")

    @task
    def notify():
        print("never reached")

    prepare() >> charge() >> notify()

with DAG("retries", schedule=None, start_date=START):

    @task(retries=5, retry_delay=timedelta(hours=1))
    def flaky():
        raise RuntimeError("connection reset by peer")

    flaky()

with DAG("long_running", schedule=None, start_date=START, tags=["ml"]):

    @task
    def train():
        for epoch in range(6 * 3600):
            print(f"epoch {epoch}", flush=True)
            time.sleep(1)

    train()

with DAG("paused_report", schedule="@weekly", start_date=START, catchup=False):

    @task
    def report():
        print("never scheduled while paused")

    report()

# what a form is made from: a number, a choice, a switch, a list, and a text that may be left out
with DAG(
    "with_params",
    schedule=None,
    start_date=START,
    params={
        "days": Param(3, type="integer", minimum=1, title="Days back", description="How far back to load"),
        "mode": Param("fast", enum=["fast", "full"]),
        "notify": Param(False, type="boolean"),
        "regions": Param(["eu"], type="array"),
        "note": Param(None, type=["null", "string"]),
    },
):

    @task
    def show(params=None):
        print(f"params {params}")

    show()

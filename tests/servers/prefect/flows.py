"""Flows whose runs complete, fail and go on, and a deployment whose work pool has no worker.

Usage: flows.py ended|running     with PREFECT_API_URL set
"""

import sys
import time

import httpx
from prefect import flow, get_run_logger, task
from prefect.settings import PREFECT_API_URL


@task
def extract():
    get_run_logger().info("extracted 42 rows")
    return 42


@task(retries=1, retry_delay_seconds=1)
def charge(rows):
    raise ValueError("card gateway answered 503")


@flow(name="ok-flow")
def ok():
    return extract()


@flow(name="bad-flow")
def bad():
    charge(extract())


@flow(name="slow-flow")
def slow():
    get_run_logger().info("epoch 1")
    time.sleep(86400)


def a_deployment(flow_name):
    """Made by hand, because `deploy` would look for the flow's code where the worker is."""
    api = httpx.Client(base_url=PREFECT_API_URL.value() + "/")
    api.post("work_pools/", json={"name": "cluster", "type": "process"}).raise_for_status()
    flow_id = api.get(f"flows/name/{flow_name}").raise_for_status().json()["id"]
    deployment = {
        "name": "nightly", "flow_id": flow_id, "work_pool_name": "cluster", "work_queue_name": "default", "tags": ["finance"],
        "entrypoint": "flows.py:ok", "description": "Loads the orders of a day",
        "schedules": [{"active": True, "schedule": {"cron": "30 2 1 1 *", "timezone": "UTC"}}],
    }
    api.post("deployments/", json=deployment).raise_for_status()


if sys.argv[1] == "running":
    slow()
else:
    ok()
    try:
        bad()
    except ValueError:
        pass
    a_deployment("ok-flow")

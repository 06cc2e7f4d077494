"""A job for every state that a cockpit must tell apart, and an asset with nulls in it."""

import time

import dagster as dg


@dg.op
def extract():
    return 42


@dg.op
def charge(context, rows):
    context.log.warning("retrying is of no use")
    raise RuntimeError("card gateway answered 503")


@dg.op
def train():
    time.sleep(86400)


@dg.job
def ok_job():
    extract()


@dg.job(tags={"team": "payments"})
def bad_job():
    charge(extract())


@dg.job
def slow_job():
    train()


@dg.asset(owners=["team:data"], kinds={"duckdb"}, tags={"pii": ""})
def orders():
    return 42


@dg.asset_check(asset=orders)
def no_nulls():
    return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, description="3 nulls")


defs = dg.Definitions(
    jobs=[ok_job, bad_job, slow_job],
    assets=[orders],
    asset_checks=[no_nulls],
    schedules=[dg.ScheduleDefinition(job=ok_job, cron_schedule="0 1 * * *")],
)

#!/usr/bin/env bash
# Airflow 2 (web server with API v1, scheduler) with runs that passed, failed and are running, and a file that cannot be imported.
# Usage: VENV=environment airflow2.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Asked to end, the scheduler waits for the task that runs, and that runs for hours.
# shellcheck disable=SC2034 # read by lib.sh
GRACE=3

start_servers() {
  one_port 13000
  password=$(new_secret)
  rm -rf dags
  cp -r "$SERVERS/airflow2/dags" .
  configure

  logged migrate airflow db migrate
  logged permissions airflow sync-perm
  logged user airflow users create --username admin --password "$password" --role Admin --firstname Ada --lastname Admin --email admin@example.org
  start webserver airflow webserver --hostname "$HOST" --port "$PORT" --workers 1
  # Its log server would listen on every address; the logs of finished tasks are read from files without it.
  start scheduler airflow scheduler --skip-serve-logs
  wait_until 300 "the API answers" answers "$URL/api/v1/version" --user "admin:$password"
  wait_until 180 "the DAGs are parsed" dags_are_parsed
  trigger ok_daily
  trigger fails_always
  trigger long_running
  wait_until 600 "the runs are in their states" states_reached

  publish TRIOPS_LIVE_AIRFLOW2 "$URL"
  publish TRIOPS_LIVE_AIRFLOW2_PASSWORD "$password"
  offer_source airflow2 airflow2 "$URL" \
    'auth = { scheme = "basic", user = "admin", password = { env = "TRIOPS_LIVE_AIRFLOW2_PASSWORD" } }'
}

configure() {
  export PATH=$VENV/bin:$PATH
  export AIRFLOW_HOME=$HOME_DIR
  export AIRFLOW__CORE__LOAD_EXAMPLES=False
  export AIRFLOW__CORE__DAGS_FOLDER=$HOME_DIR/dags
  # The other executor for SQLite would wait for each task, and the scheduler be told as dead meanwhile.
  export AIRFLOW__CORE__EXECUTOR=LocalExecutor _AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK=1 AIRFLOW__CORE__PARALLELISM=3
  export AIRFLOW__API__AUTH_BACKENDS=airflow.api.auth.backend.basic_auth
  AIRFLOW__WEBSERVER__SECRET_KEY=$(new_secret)
  export AIRFLOW__WEBSERVER__SECRET_KEY
  # Quick to notice; and nothing calls home.
  export AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL=5
  export AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL=30
  export AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC=1
  export AIRFLOW__LOGGING__LOGGING_LEVEL=WARNING
  export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False
}

api() {
  local path=$1
  shift
  fetch "$URL/api/v1/$path" --user "admin:$password" --header 'Content-Type: application/json' "$@"
}

dags_are_parsed() { [ "$(api dags | jq .total_entries)" = 4 ] && [ "$(api importErrors | jq .total_entries)" = 1 ]; }

trigger() {
  api "dags/$1?update_mask=is_paused" --request PATCH --data '{"is_paused": false}' >>logs/trigger.log
  api "dags/$1/dagRuns" --data "{\"dag_run_id\": \"manual_$1\", \"conf\": {\"why\": \"a test\"}}" >>logs/trigger.log
}

states_reached() {
  local runs
  runs=$(api 'dags/~/dagRuns?limit=100' | jq --raw-output \
    '[.dag_runs[] | select(.dag_run_id | startswith("manual_")) | "\(.dag_id)=\(.state)"] | sort | join(" ")')
  printf '%s\n' "$runs" >logs/states.log
  [ "$runs" = "fails_always=failed long_running=running ok_daily=success" ]
}

serve airflow2 "$@"

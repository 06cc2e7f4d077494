#!/usr/bin/env bash
# Airflow 3 (API server, scheduler, DAG processor) with runs that passed, failed, wait for a retry and are running.
# Usage: VENV=environment airflow.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Asked to end, the scheduler waits for the tasks that run, and one of them runs for hours.
# shellcheck disable=SC2034 # read by lib.sh
GRACE=3

start_servers() {
  one_port 24000
  password=$(new_secret)
  cp -r "$SERVERS/airflow/dags" .
  configure

  logged migrate airflow db migrate
  start api-server airflow api-server --host "$HOST" --port "$PORT" --workers 1
  start dag-processor airflow dag-processor
  # Its log server would listen on every address; the logs of finished tasks are read from files without it.
  start scheduler airflow scheduler --skip-serve-logs
  wait_until 300 "the API answers" answers "$URL/api/v2/version"
  wait_until 60 "the administrator is signed in" sign_in
  wait_until 180 "the DAGs are parsed" dags_are_parsed
  trigger_runs
  wait_until 300 "the runs are in their states" states_reached

  publish TRIOPS_LIVE_AIRFLOW "$URL"
  publish TRIOPS_LIVE_AIRFLOW_PASSWORD "$password"
  offer_source airflow airflow "$URL" \
    'auth = { scheme = "login", user = "admin", password = { env = "TRIOPS_LIVE_AIRFLOW_PASSWORD" } }'
}

configure() {
  (umask 077 && jq --null-input --arg password "$password" '{admin: $password, viewer: $password}' >passwords.json)
  export PATH=$VENV/bin:$PATH
  export AIRFLOW_HOME=$HOME_DIR
  export AIRFLOW__CORE__LOAD_EXAMPLES=False
  export AIRFLOW__CORE__DAGS_FOLDER=$HOME_DIR/dags
  export AIRFLOW__CORE__EXECUTOR=LocalExecutor
  export AIRFLOW__CORE__PARALLELISM=4
  export AIRFLOW__CORE__AUTH_MANAGER=airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager
  export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=admin:admin,viewer:viewer
  export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=$HOME_DIR/passwords.json
  # The port is not the default one, so the parts must be told where the others are and share a secret.
  export AIRFLOW__CORE__EXECUTION_API_SERVER_URL=$URL/execution/
  export AIRFLOW__API__BASE_URL=$URL
  export AIRFLOW__API__HOST=$HOST
  export AIRFLOW__API__PORT=$PORT
  AIRFLOW__API__SECRET_KEY=$(new_secret)
  AIRFLOW__API_AUTH__JWT_SECRET=$(new_secret)$(new_secret)
  export AIRFLOW__API__SECRET_KEY AIRFLOW__API_AUTH__JWT_SECRET
  # Quick to notice, quick to heal; and nothing calls home.
  export AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=5
  export AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL=2
  export AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL=30
  export AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC=1
  export AIRFLOW__LOGGING__LOGGING_LEVEL=WARNING
  export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False
}

sign_in() {
  token=$(jq --null-input --arg password "$password" '{username: "admin", password: $password}' |
    fetch "$URL/auth/token" --header 'Content-Type: application/json' --data-binary @- | jq --raw-output .access_token)
  [ -n "$token" ] && [ "$token" != null ]
}

api() {
  local path=$1
  shift
  fetch "$URL/api/v2/$path" --header "Authorization: Bearer $token" --header 'Content-Type: application/json' "$@"
}

dags_are_parsed() { [ "$(api dags | jq .total_entries)" = 6 ] && [ "$(api importErrors | jq .total_entries)" = 1 ]; }

trigger_runs() {
  local dag
  for dag in ok_daily fails_always retries long_running; do
    api "dags/$dag" --request PATCH --data '{"is_paused": false}' >>logs/trigger.log
  done
  for dag in ok_daily fails_always retries long_running; do
    api "dags/$dag/dagRuns" --data "{\"logical_date\": null, \"dag_run_id\": \"manual_$dag\", \"note\": \"started by the tests\"}" >>logs/trigger.log
  done
}

states_reached() {
  local runs tasks
  runs=$(api 'dags/~/dagRuns?limit=100' | jq --raw-output \
    '[.dag_runs[] | select(.dag_run_id | startswith("manual_")) | "\(.dag_id)=\(.state)"] | sort | join(" ")')
  tasks=$(for dag in fails_always retries long_running; do api "dags/$dag/dagRuns/manual_$dag/taskInstances"; done | jq --raw-output --slurp \
    '[.[].task_instances[] | "\(.task_id)=\(.state)"] | sort | join(" ")')
  printf '%s\n' "$runs" "$tasks" >logs/states.log
  [ "$runs" = "fails_always=failed long_running=running ok_daily=success retries=running" ] &&
    [ "$tasks" = "charge=failed flaky=up_for_retry notify=upstream_failed prepare=success train=running" ] &&
    [ "$(api 'dags/ok_daily/dagRuns?state=success' | jq .total_entries)" -ge 2 ]
}

serve airflow "$@"

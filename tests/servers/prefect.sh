#!/usr/bin/env bash
# Prefect 3's server with flow runs that completed, failed and run, and a deployment that no worker polls for.
# Usage: VENV=environment prefect.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  one_port 14000
  # Nobody's own profile; and nothing calls home.
  export PREFECT_HOME=$HOME_DIR PREFECT_SERVER_ANALYTICS_ENABLED=false DO_NOT_TRACK=1
  export PREFECT_API_DATABASE_CONNECTION_URL=sqlite+aiosqlite:///$HOME_DIR/prefect.db
  start server "$VENV/bin/prefect" server start --host "$HOST" --port "$PORT" --no-ui
  wait_until 300 "the API answers" answers "$URL/api/health"
  export PREFECT_API_URL=$URL/api
  logged flows "$VENV/bin/python" "$SERVERS/prefect/flows.py" ended
  start training "$VENV/bin/python" "$SERVERS/prefect/flows.py" running
  wait_until 120 "the runs are in their states" states_reached

  publish TRIOPS_LIVE_PREFECT "$URL"
  offer_source prefect prefect "$URL"
}

states_reached() {
  [ "$(fetch "$URL/api/flow_runs/filter" --header 'Content-Type: application/json' --data '{}' |
    jq --raw-output '[.[].state_type] | sort | unique | join(" ")')" = "COMPLETED FAILED RUNNING" ]
}

serve prefect "$@"

#!/usr/bin/env bash
# Luigi's central scheduler and a worker, whose tasks are done, failed, running, and waiting.
# Usage: VENV=environment luigi.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  one_port 26000
  mkdir -p out
  # A failed task is not tried again while the tests look at it, and none is forgotten.
  printf '[scheduler]\nrecord_task_history=false\nretry_delay=86400\nremove_delay=86400\n' >luigi.cfg
  export LUIGI_CONFIG_PATH=$HOME_DIR/luigi.cfg

  start scheduler "$VENV/bin/luigid" --address "$HOST" --port "$PORT" --state-path "$HOME_DIR/scheduler.pickle" --logdir "$HOME_DIR/logs"
  wait_until 60 "the scheduler answers" answers "$URL/api/is_pause_enabled"
  PYTHONPATH=$SERVERS/luigi start worker "$VENV/bin/python" -m luigi --module tasks Everything --out "$HOME_DIR/out" \
    --scheduler-host "$HOST" --scheduler-port "$PORT" --workers 3
  wait_until 60 "the tasks are in their states" states_reached

  publish TRIOPS_LIVE_LUIGI "$URL"
  offer_source luigi luigi "$URL"
}

states_reached() {
  local statuses
  statuses=$(fetch "$URL/api/task_list" --data-urlencode 'data={"status": "", "upstream_status": ""}' |
    jq --raw-output '[.response[].status] | sort | unique | join(" ")')
  [ "$statuses" = "DONE FAILED PENDING RUNNING" ]
}

serve luigi "$@"

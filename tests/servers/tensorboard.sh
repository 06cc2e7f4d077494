#!/usr/bin/env bash
# TensorBoard over trainings that ended, diverged and go on. Usage: VENV=environment tensorboard.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  one_port 28000
  rm -rf events
  logged train "$VENV/bin/python" "$SERVERS/tensorboard/train.py" events once
  start training "$VENV/bin/python" "$SERVERS/tensorboard/train.py" events forever
  start tensorboard "$VENV/bin/tensorboard" --logdir events --host "$HOST" --port "$PORT" --load_fast=false --reload_interval 2
  wait_until 120 "TensorBoard knows the three runs" states_reached

  publish TRIOPS_LIVE_TENSORBOARD "$URL"
  offer_source tensorboard tensorboard "$URL"
}

states_reached() { [ "$(fetch "$URL/data/plugin/scalars/tags" | jq --raw-output 'keys | join(" ")')" = "diverged ended running" ]; }

serve tensorboard "$@"

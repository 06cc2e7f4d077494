#!/usr/bin/env bash
# TensorBoard over trainings that ended, diverged and go on. Usage: VENV=environment tensorboard.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  local port url
  : "${VENV:?the Python environment with TensorBoard; tests/servers/up makes it}"
  port=$(free_ports 1 28000)
  url=http://$HOST:$port
  cd "$HOME_DIR"
  rm -rf sources.toml events
  "$VENV/bin/python" "$SERVERS/tensorboard/train.py" events once >logs/train.log 2>&1 || { tail -n 30 logs/train.log >&2; die "no events could be written"; }
  start training "$VENV/bin/python" "$SERVERS/tensorboard/train.py" events forever
  start tensorboard "$VENV/bin/tensorboard" --logdir events --host "$HOST" --port "$port" --load_fast=false --reload_interval 2
  wait_until 120 "TensorBoard knows the three runs" states_reached "$url"

  publish TRIOPS_LIVE_TENSORBOARD "$url"
  offer_source tensorboard tensorboard "$url"
}

states_reached() { [ "$(fetch "$1/data/plugin/scalars/tags" | jq --raw-output 'keys | join(" ")')" = "diverged ended running" ]; }

serve tensorboard "$@"

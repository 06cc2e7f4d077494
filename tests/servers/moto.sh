#!/usr/bin/env bash
# An emulator of AWS (moto) that checks signatures and rights as AWS does, with services, jobs, stacks and endpoints in it.
# Usage: VENV=environment moto.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  local port keys
  : "${VENV:?the Python environment with moto; tests/servers/up makes it}"
  read -r port < <(free_ports 1 32000)
  cd "$HOME_DIR"
  rm -f sources.toml
  # The first requests may come unsigned: they make the user whose key signs all others.
  INITIAL_NO_AUTH_ACTION_COUNT=3 start moto "$VENV/bin/moto_server" --host "$HOST" --port "$port"
  wait_until 60 "moto listens" listens "$port"
  "$VENV/bin/python" "$SERVERS/moto/seed.py" "http://$HOST:$port" keys >logs/seed.log 2>&1 || {
    tail -n 30 logs/seed.log >&2
    die "moto could not be filled"
  }
  read -r -a keys <keys
  publish TRIOPS_LIVE_MOTO "http://$HOST:$port"
  publish TRIOPS_LIVE_MOTO_KEY "${keys[0]}"
  publish TRIOPS_LIVE_MOTO_SECRET "${keys[1]}"
  for service in ecs glue cloudformation sagemaker; do
    offer_source "aws-$service" "$service" "http://$HOST:$port" 'auth = { scheme = "sigv4" }' 'with = { region = "us-east-1" }'
  done
}

# Every answer counts towards the requests that may come unsigned: only the port is looked at.
listens() { (exec 3<>"/dev/tcp/$HOST/$1") 2>/dev/null; }

serve moto "$@"

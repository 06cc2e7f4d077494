#!/usr/bin/env bash
# An emulator of AWS (moto) that checks signatures and rights as AWS does, with services, jobs, stacks and endpoints in it.
# Usage: VENV=environment moto.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  local keys
  one_port 31000
  # The first requests may come unsigned: they make the user whose key signs all others.
  INITIAL_NO_AUTH_ACTION_COUNT=3 start moto "$VENV/bin/moto_server" --host "$HOST" --port "$PORT"
  wait_until 60 "moto listens" listens
  logged seed "$VENV/bin/python" "$SERVERS/moto/seed.py" "$URL" keys
  read -r -a keys <keys
  publish TRIOPS_LIVE_MOTO "$URL"
  publish TRIOPS_LIVE_MOTO_KEY "${keys[0]}"
  publish TRIOPS_LIVE_MOTO_SECRET "${keys[1]}"
  for service in ecs glue cloudformation sagemaker; do
    offer_source "aws-$service" "$service" "$URL" 'auth = { scheme = "sigv4" }' 'with = { region = "us-east-1" }'
  done
}

# Every answer counts towards the requests that may come unsigned: only the port is looked at.
listens() { (exec 3<>"/dev/tcp/$HOST/$PORT") 2>/dev/null; }

serve moto "$@"

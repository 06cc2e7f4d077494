#!/usr/bin/env bash
# A load for the benchmark: containers that each log one line a second.
#
#   tests/servers/load100.sh start SOCKET [COUNT]     COUNT is 100 if not given; SOCKET as unix:///path or a path
#   tests/servers/load100.sh stop SOCKET              removes them
#
# SOCKET is the Docker engine that tests/servers/up started: TRIOPS_LIVE_DOCKER in its env file.
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=busybox.sh
. "$SERVERS/busybox.sh"

LABEL=triops.load=100
IMAGE=triops-load:1

main() {
  local verb=${1:-} count=${3:-100}
  [ -n "${2:-}" ] || die "usage: tests/servers/load100.sh start|stop SOCKET [COUNT]"
  SOCKET=unix://${2#unix://}
  case $verb in
    start) start_load "$count" ;;
    stop) stop_load ;;
    *) die "usage: tests/servers/load100.sh start|stop SOCKET [COUNT]" ;;
  esac
}

engine() { docker --host="$SOCKET" "$@"; }

start_load() {
  local number running
  HOME_DIR=$(mktemp --directory)
  busybox_image | engine import - "$IMAGE" >/dev/null
  rm -rf "$HOME_DIR"
  seq -f 'load-%03g' "$1" | while read -r number; do
    engine ps --all --quiet --filter "name=^$number\$" | grep -q . || echo "$number"
  done | xargs -r -P 4 -I{} docker --host="$SOCKET" run --detach --name {} --network none --label "$LABEL" "$IMAGE" /bin/sh -c "$LOGGER" >/dev/null
  running=$(engine ps --quiet --filter "label=$LABEL" | wc -l)
  say "$running containers log once a second"
  [ "$running" -ge "$1" ] || die "only $running of $1 run"
}

stop_load() {
  engine ps --all --quiet --filter "label=$LABEL" | xargs -r docker --host="$SOCKET" rm --force --volumes >/dev/null
  engine image rm --force "$IMAGE" >/dev/null 2>&1 || true
}

main "$@"

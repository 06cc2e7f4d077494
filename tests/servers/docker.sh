#!/usr/bin/env bash
# A Docker engine of its own on a unix socket, with one container for every state: running, healthy, unhealthy, crash-looping,
# OOM-killed, exited, failed, killed, paused, created, and one spare for tests to act on. No network, no registry.
# Usage: docker.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=busybox.sh
. "$SERVERS/busybox.sh"

start_servers() {
  local socket=$HOME_DIR/docker.sock
  echo '{}' >daemon.json
  start dockerd dockerd --config-file="$HOME_DIR/daemon.json" --host="unix://$socket" --data-root="$HOME_DIR/data" \
    --exec-root="$HOME_DIR/exec" --pidfile="$HOME_DIR/dockerd.pid" --storage-driver=vfs --iptables=false --bridge=none
  wait_until 60 "the Docker engine answers" engine version
  busybox_image | engine import - triops-tests:1 >logs/import.log
  run_containers
  wait_until 60 "the container of each state is in its state" states_reached
  publish TRIOPS_LIVE_DOCKER "unix://$socket"
  offer_source docker docker "unix://$socket"
}

engine() { DOCKER_CONFIG=$HOME_DIR/client docker --host="unix://$HOME_DIR/docker.sock" "$@"; }

# container NAME [docker run options] -- COMMAND: started in the background of the engine.
container() {
  local name=triops-$1 options=()
  shift
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  engine run --detach --name "$name" --network none "${options[@]}" triops-tests:1 /bin/sh -c "$1" >>logs/run.log 2>&1
}

run_containers() {
  local shop=com.docker.compose.project=shop
  : >logs/run.log
  container web --restart unless-stopped --memory 64m --label "$shop" --label com.docker.compose.service=web -- "$LOGGER"
  container crash-loop --restart always --label "$shop" --label com.docker.compose.service=orders -- "$CRASHER"
  container healthy --health-cmd true --health-interval 1s -- "$IDLER"
  container unhealthy --health-cmd 'echo connection refused; exit 1' --health-interval 1s --health-retries 2 -- "$IDLER"
  container oom --memory 8m --memory-swap 8m -- "$GLUTTON"
  container exited -- 'echo done'
  container failed --restart on-failure:2 -- "$CRASHER"
  container killed -- "$IDLER"
  engine kill triops-killed >>logs/run.log
  container paused -- "$LOGGER"
  engine pause triops-paused >>logs/run.log
  container spare -- "$LOGGER"
  engine create --name triops-created --network none triops-tests:1 /bin/true >>logs/run.log
}

# The engine's words for each container: status, exit code, OOM, health; a crash-looping one is between two starts most
# of the time, so only its restarts are looked at.
states_reached() {
  local seen
  seen=$(engine ps --all --quiet --no-trunc | xargs docker --host="unix://$HOME_DIR/docker.sock" inspect | jq --raw-output '
    [.[] | .Name[1:] as $name | .State as $s | if $name == "triops-crash-loop"
      then "\($name)=\(.RestartCount > 1)"
      else "\($name)=\($s.Status)/\($s.ExitCode)\(if $s.OOMKilled then "/oom" else "" end)\(if $s.Health then "/" + $s.Health.Status else "" end)" end]
    | sort | join(" ")')
  echo "$seen" >logs/states.log
  # Killed before the engine had begun to watch its memory: once more.
  if [[ $seen == *"triops-oom=exited/137 "* ]]; then engine start triops-oom >>logs/run.log; fi
  [ "$seen" = "triops-crash-loop=true triops-created=created/0 triops-exited=exited/0 triops-failed=exited/3 triops-healthy=running/0/healthy triops-killed=exited/137 triops-oom=exited/137/oom triops-paused=paused/0 triops-spare=running/0 triops-unhealthy=running/0/unhealthy triops-web=running/0" ]
}

# The containers first: their processes are not the engine's children in every case, and a shell that is process 1 takes
# its grace period.
stop_servers() {
  local ids
  if engine version >/dev/null 2>&1; then
    ids=$(engine ps --all --quiet)
    if [ -n "$ids" ]; then
      # shellcheck disable=SC2086 # a list of ids
      timeout 120 docker --host="unix://$HOME_DIR/docker.sock" rm --force --volumes $ids >>"$HOME_DIR/logs/stop.log" 2>&1
    fi
  fi
}

serve docker "$@"

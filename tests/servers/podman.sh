#!/usr/bin/env bash
# Podman's Docker-compatible API on a unix socket, with a running, an exited and a failed container.
# Usage: podman.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=busybox.sh
. "$SERVERS/busybox.sh"

start_servers() {
  local socket=$HOME_DIR/podman.sock
  write_config
  start podman env CONTAINERS_CONF="$HOME_DIR/containers.conf" podman "${roots[@]}" system service --time=0 "unix://$socket"
  wait_until 60 "Podman answers" answers http://podman/_ping --unix-socket "$socket"
  busybox_image | engine import - localhost/triops-tests:1 >logs/import.log 2>&1
  container web "$LOGGER"
  container exited 'echo done'
  container failed "$CRASHER"
  wait_until 60 "the container of each state is in its state" states_reached
  publish TRIOPS_LIVE_PODMAN "unix://$socket"
  offer_source podman docker "unix://$socket"
}

# Everything of this engine lies in HOME_DIR. Locks are files, because the default, one shared memory segment for the
# whole machine, would be shared with any other Podman. runc and cgroupfs work on cgroup v1, v2 and mixtures; crun does not.
write_config() {
  cat >containers.conf <<C
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
netns = "none"
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
lock_type = "file"
tmp_dir = "$HOME_DIR/tmp"
static_dir = "$HOME_DIR/static"
volume_path = "$HOME_DIR/volumes"
C
}

engine() { CONTAINERS_CONF=$HOME_DIR/containers.conf podman "${roots[@]}" "$@"; }

container() { engine run --detach --name "triops-$1" localhost/triops-tests:1 /bin/sh -c "$2" >>logs/run.log 2>&1; }

states_reached() {
  local seen
  seen=$(engine ps --all --format json | jq --raw-output '[.[] | "\(.Names[0])=\(.State)/\(.ExitCode)"] | sort | join(" ")')
  echo "$seen" >logs/states.log
  [ "$seen" = "triops-exited=exited/0 triops-failed=exited/3 triops-web=running/0" ]
}

stop_servers() {
  timeout 60 env CONTAINERS_CONF="$HOME_DIR/containers.conf" podman "${roots[@]}" rm --all --force --time 0 >>"$HOME_DIR/logs/stop.log" 2>&1
}

serve_podman() {
  local data
  data=$(mkdir -p "${2:?usage: podman.sh start|stop DATA}" && cd "$2" && pwd -P)/podman
  roots=(--root "$data/root" --runroot "$data/run" --storage-driver vfs)
  serve podman "$@"
}

serve_podman "$@"

# shellcheck shell=bash
# What the start scripts share: free ports, starting, waiting, publishing addresses, ending what was started.
# It is sourced, never run; installing packages is install.sh.
#
# A script that sources it is called as `<system>.sh start DATA` or `<system>.sh stop DATA`. It owns DATA/<system>/,
# and tells the tests where its servers are by lines in DATA/env.
set -euo pipefail

# shellcheck disable=SC2034 # for the scripts that source this
SERVERS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034
HOST=127.0.0.1
# Nothing here speaks to anything but this machine.
export NO_PROXY=$HOST,localhost no_proxy=$HOST,localhost

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }
now_ms() { date +%s%3N; }

# Parses `start|stop DATA`, sets SYSTEM, DATA and HOME_DIR (the system's own folder, where it starts), and dispatches to
# start_servers or stop_servers, which the script defines. Where the system has a frozen list of Python packages, VENV must
# be the environment with them.
serve() {
  SYSTEM=$1
  local verb=${2:-}
  DATA=${3:-}
  [ -n "$DATA" ] || die "usage: $SYSTEM.sh start|stop DATA"
  mkdir -p "$DATA"
  DATA=$(cd "$DATA" && pwd -P)
  HOME_DIR=$DATA/$SYSTEM
  case $verb in
    start)
      if [ -f "$SERVERS/requirements-$SYSTEM.txt" ]; then : "${VENV:?the Python environment of $SYSTEM; tests/servers/up makes it}"; fi
      mkdir -p "$HOME_DIR/pids" "$HOME_DIR/logs"
      cd "$HOME_DIR"
      rm -f sources.toml
      echo "$$ $(began $$)" >"$HOME_DIR/starting"
      start_servers
      touch "$HOME_DIR/ready"
      rm "$HOME_DIR/starting"
      ;;
    stop)
      [ -d "$HOME_DIR" ] || return 0
      rm -f "$HOME_DIR/ready"
      interrupt_start
      if declare -F stop_servers >/dev/null; then stop_servers || say "$SYSTEM: an orderly stop failed, ending its processes"; fi
      end_processes
      ;;
    *) die "usage: $SYSTEM.sh start|stop DATA" ;;
  esac
}

# Ends a script that is still starting this system, so that it does not go on while its servers are ended.
interrupt_start() {
  local pid tick
  [ -f "$HOME_DIR/starting" ] || return 0
  read -r pid tick <"$HOME_DIR/starting"
  rm "$HOME_DIR/starting"
  if [ "$(began "$pid")" = "$tick" ]; then
    kill -KILL "$pid" 2>/dev/null || true
  fi
}

# free_ports COUNT LOW: prints COUNT loopback ports that nothing listens on, from LOW..LOW+999. Each system has its
# own range, so systems starting side by side cannot pick the same one, and all ranges lie below the kernel's
# ephemeral ports, so no outgoing connection takes one between picking and listening.
free_ports() {
  "$(system_python)" - "$1" "$2" <<'PY'
import random, socket, sys

count, low = int(sys.argv[1]), int(sys.argv[2])
held = []
for port in random.sample(range(low, low + 1000), 1000):
    probe = socket.socket()
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        probe.close()
        continue
    held.append(probe)
    if len(held) == count:
        break
print(*(probe.getsockname()[1] for probe in held))
PY
}

# one_port LOW: sets PORT to a free one of that range, and URL to the server on it.
# shellcheck disable=SC2034 # for the scripts that source this
one_port() {
  PORT=$(free_ports 1 "$1")
  URL=http://$HOST:$PORT
}

# Debian's own Python where there is one, so that a version manager on PATH changes nothing.
system_python() { if [ -x /usr/bin/python3 ]; then echo /usr/bin/python3; else command -v python3; fi; }

# A new secret of 32 hexadecimal digits for this set of servers; none is kept in the repository.
new_secret() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# start NAME COMMAND...: runs COMMAND as leader of its own session with its output in logs/NAME.log, and notes its pid
# and when it began. The variable in its environment is inherited by all it starts, so that `end_processes` finds even
# those that left the session.
start() {
  local name=$1
  shift
  TRIOPS_SERVERS_OF=$HOME_DIR setsid "$@" >"$HOME_DIR/logs/$name.log" 2>&1 </dev/null &
  echo "$! $(began $!)" >"$HOME_DIR/pids/$name"
}

# logged NAME COMMAND...: runs COMMAND to its end with its output in logs/NAME.log, and shows how that ends if it fails.
logged() {
  local name=$1
  shift
  "$@" >"$HOME_DIR/logs/$name.log" 2>&1 </dev/null || {
    tail -n 30 "$HOME_DIR/logs/$name.log" >&2
    die "$SYSTEM: $name failed"
  }
}

# began PID: the kernel's tick at which the process began, nothing if there is none: field 22 of its stat, where field 2
# is a name in parentheses that may hold anything.
began() { { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; } 2>/dev/null || true; }

# Fails, with the end of its log, if a process that `start` started is gone.
all_alive() {
  local file pid
  for file in "$HOME_DIR"/pids/*; do
    [ -f "$file" ] || continue
    read -r pid _ <"$file"
    if ! is_alive "$pid"; then
      say "$SYSTEM: $(basename "$file") (pid $pid) has exited; its log ends:"
      tail -n 30 "$HOME_DIR/logs/$(basename "$file").log" >&2
      return 1
    fi
  done
}

# wait_until SECONDS WHAT COMMAND...: repeats COMMAND until it succeeds; after SECONDS, or as soon as a started process
# is gone, says what did not happen and ends the script.
wait_until() {
  local seconds=$1 what=$2 deadline
  shift 2
  deadline=$(($(now_ms) + seconds * 1000))
  until "$@" >/dev/null 2>&1; do
    all_alive || die "$SYSTEM: gave up waiting until $what"
    if [ "$(now_ms)" -ge "$deadline" ]; then
      say "$SYSTEM: after $seconds s still not so: $what; the logs end:"
      tail -n 8 "$HOME_DIR"/logs/*.log | cut -c1-300 >&2 || true
      die "$SYSTEM did not become ready"
    fi
    sleep 0.2
  done
}

# answers URL [curl arguments]: does it answer with a success status?
answers() {
  local url=$1
  shift
  curl --fail --silent --show-error --output /dev/null --max-time 5 --noproxy '*' "$@" "$url"
}

# fetch URL [curl arguments]: the body, or failure.
fetch() {
  local url=$1
  shift
  curl --fail --silent --show-error --max-time 20 --noproxy '*' "$@" "$url"
}

# publish KEY VALUE: one line in DATA/env, replacing an older one of that key.
publish() {
  (
    umask 077
    exec 9>"$DATA/.env.lock"
    flock 9
    touch "$DATA/env"
    grep -v "^$1=" "$DATA/env" >"$DATA/.env.new" || true
    printf '%s=%s\n' "$1" "$2" >>"$DATA/.env.new"
    mv "$DATA/.env.new" "$DATA/env"
  )
}

# offer_source NAME CONNECTOR URL [more TOML lines...]: a [[source]] for the ready-made triops.toml.
offer_source() {
  local name=$1 connector=$2 url=$3
  shift 3
  {
    printf '[[source]]\nname = "%s"\nconnector = "%s"\nurl = "%s"\n' "$name" "$connector" "$url"
    if [ $# -gt 0 ]; then printf '%s\n' "$@"; fi
    printf '\n'
  } >>"$HOME_DIR/sources.toml"
}

# Every living process that belongs to this system of this set: the members of the sessions that `start` made, those
# whose environment carries the mark (a process that sets its title overwrites it), and all that any of them started.
own_processes() {
  local pid parent session status file tick queue=()
  local -A children=() members=() own=()
  while read -r pid parent session status; do
    # A zombie, which its parent has not collected yet, has ended.
    [ "${status:0:1}" != Z ] || continue
    children[$parent]+="$pid "
    members[$session]+="$pid "
  done < <(ps -e -o pid=,ppid=,sess=,stat=)
  for file in "$HOME_DIR"/pids/*; do
    [ -f "$file" ] || continue
    read -r pid tick <"$file"
    # The kernel does not give a pid away while its session has members; one that began at another time is a stranger's.
    if [ ! -d "/proc/$pid" ] || [ "$(began "$pid")" = "$tick" ]; then
      # shellcheck disable=SC2206 # a list of pids, split on purpose
      queue+=(${members[$pid]:-})
    fi
  done
  while read -r file; do
    pid=${file#/proc/}
    queue+=("${pid%/environ}")
  done < <(grep --files-with-matches --no-messages --null-data --line-regexp --fixed-strings \
    "TRIOPS_SERVERS_OF=$HOME_DIR" /proc/[0-9]*/environ)
  while [ ${#queue[@]} -gt 0 ]; do
    pid=${queue[0]}
    queue=("${queue[@]:1}")
    [ -z "${own[$pid]:-}" ] || continue
    own[$pid]=1
    # shellcheck disable=SC2206
    queue+=(${children[$pid]:-})
  done
  if [ ${#own[@]} -gt 0 ]; then printf '%s\n' "${!own[@]}"; fi
}

# TERM to all own processes, once to each, GRACE seconds (15 if not set) to end in, then KILL. Nothing is ever ended by
# name.
end_processes() {
  local pid own=() deadline
  local -A told=()
  deadline=$(($(now_ms) + ${GRACE:-15} * 1000))
  while [ "$(now_ms)" -lt "$deadline" ]; do
    mapfile -t own < <(own_processes)
    for pid in "${own[@]}"; do
      [ -n "${told[$pid]:-}" ] || kill -TERM "$pid" 2>/dev/null || true
      told[$pid]=1
    done
    any_alive "${!told[@]}" || break
    sleep 0.2
  done
  for pid in "${!told[@]}"; do
    if is_alive "$pid"; then kill -KILL "$pid" 2>/dev/null || true; fi
  done
  rm -f "$HOME_DIR"/pids/*
}

any_alive() {
  local pid
  for pid in "$@"; do
    if is_alive "$pid"; then return 0; fi
  done
  return 1
}

is_alive() { grep -qs '^State:[[:space:]]*[^XZ[:space:]]' "/proc/$1/status"; }

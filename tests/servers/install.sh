# shellcheck shell=bash
# Installs what the servers need: Debian packages, and Python packages at the frozen versions, cached between runs.
# It is sourced after lib.sh; it starts nothing.

CACHE=${TRIOPS_TEST_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/triops-tests}

# Every system that tests/servers can start, those that take longest first: each has a script of its name.
# shellcheck disable=SC2034 # for the scripts that source this
ALL_SYSTEMS=(
  airflow airflow2 puppetdb spark dagster salt prefect mlflow ansible flink
  quality prometheus docker podman serving tensorboard moto luigi vcs
)
# Those that are started unless others are named: enough memory, time and network for all of them is not everywhere.
# shellcheck disable=SC2034
USUAL_SYSTEMS=(airflow mlflow prometheus docker podman tensorboard moto luigi vcs)

# The Debian packages of one system.
packages_of() {
  case $1 in
    prometheus) echo prometheus prometheus-alertmanager prometheus-node-exporter prometheus-pushgateway victoria-metrics ;;
    docker) echo docker.io busybox-static ;;
    podman) echo podman runc busybox-static ;;
    mlflow | airflow | luigi | tensorboard | moto | airflow2 | prefect | dagster | quality) echo python3-venv ;;
    # one of its packages is compiled here
    salt) echo python3-venv python3-dev ;;
    ansible) echo python3-venv ansible openssh-client ;;
    spark | serving) echo python3-venv openjdk-17-jre-headless ;;
    # its jobs are compiled here
    flink) echo python3-venv openjdk-17-jdk-headless ;;
    puppetdb) echo puppetdb postgresql postgresql-contrib ;;
    vcs) echo git subversion mercurial ;;
    *) die "unknown system '$1': known are ${ALL_SYSTEMS[*]}" ;;
  esac
}

# install_packages SYSTEM...: installs what is missing, and nothing when nothing is.
install_packages() {
  local wanted=(ca-certificates curl jq procps python3) missing=() system package
  for system in "$@"; do
    # shellcheck disable=SC2207 # package names hold no spaces
    wanted+=($(packages_of "$system"))
  done
  command -v cc >/dev/null || wanted+=(gcc libc6-dev)
  # A kernel with AppArmor makes the Docker engine load a profile, which takes the parser that is only recommended.
  if grep -qs Y /sys/module/apparmor/parameters/enabled; then wanted+=(apparmor); fi
  for package in "${wanted[@]}"; do
    # shellcheck disable=SC2016 # the format is dpkg's
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "not root, so install these by hand: apt-get install ${missing[*]}"
  say "installing Debian packages: ${missing[*]}"
  deny_autostart
  local log=$CACHE/apt.log
  mkdir -p "$CACHE"
  if ! retry 4 apt_install "$log" "${missing[@]}"; then
    allow_autostart
    tail -n 30 "$log" >&2
    die "apt-get could not install: ${missing[*]}"
  fi
  allow_autostart
}

apt_install() {
  local log=$1
  shift
  local options=(--yes --quiet -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  {
    DEBIAN_FRONTEND=noninteractive apt-get update "${options[@]}" &&
      DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" --no-install-recommends "$@"
  } >>"$log" 2>&1 </dev/null
}

# A Debian package starts its server on the standard port when it is installed, unless this file says no. It is made only
# where there is none, and only for the time of the installation.
POLICY=/usr/sbin/policy-rc.d
deny_autostart() {
  POLICY_MADE=0
  if [ ! -e "$POLICY" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
    POLICY_MADE=1
    trap allow_autostart EXIT
  fi
}

allow_autostart() {
  if [ "${POLICY_MADE:-0}" = 1 ]; then rm -f "$POLICY"; POLICY_MADE=0; fi
}

# retry TIMES COMMAND...: with a growing pause between the attempts.
retry() {
  local times=$1 attempt
  shift
  for attempt in $(seq 1 "$times"); do
    if "$@"; then return 0; fi
    if [ "$attempt" -lt "$times" ]; then
      say "attempt $attempt of $times failed: $1; trying again"
      sleep $((attempt * 3))
    fi
  done
  return 1
}

requirements_of() { echo "$SERVERS/requirements-$1.txt"; }

# The virtual environment of a system. Its name holds the hash of the frozen list and of the interpreter's version, so a
# changed list gets a new one.
venv_of() {
  local key
  key=$({ cat "$(requirements_of "$1")"; "$(system_python)" -VV; } | sha256sum | cut -c1-16)
  echo "$CACHE/venv-$1-$key"
}

# install_python SYSTEM...: makes the environments that are not there yet, side by side.
install_python() {
  local system jobs=() job failed=0
  for system in "$@"; do
    [ -f "$(requirements_of "$system")" ] || continue
    make_venv "$system" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || failed=1; done
  [ "$failed" = 0 ] || die "Python packages could not be installed"
}

# A second run at the same time waits for the first by the lock; a half-made environment is made anew.
make_venv() (
  local venv log
  venv=$(venv_of "$1")
  log=$venv.log
  mkdir -p "$CACHE"
  exec 9>"$venv.lock"
  flock 9
  if [ -f "$venv/complete" ]; then exit 0; fi
  say "installing Python packages for $1"
  if ! retry 4 fill_venv "$venv" "$(requirements_of "$1")" "$log"; then
    tail -n 20 "$log" >&2
    exit 1
  fi
  touch "$venv/complete"
)

fill_venv() {
  local venv=$1 requirements=$2 log=$3 options=()
  # A list that says so goes against what a package asks for.
  if grep --quiet '^# install with --no-deps$' "$requirements"; then options=(--no-deps); fi
  {
    [ -x "$venv/bin/pip" ] || "$(system_python)" -m venv --clear "$venv"
    "$venv/bin/pip" install --disable-pip-version-check --no-input --retries 5 --timeout 60 \
      --prefer-binary "${options[@]}" --requirement "$requirements"
  } >>"$log" 2>&1 </dev/null 9>&-
}

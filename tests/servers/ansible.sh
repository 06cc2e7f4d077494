#!/usr/bin/env bash
# Ansible playbooks against this machine and a dead host: their results as files of the json callback, and recorded by ARA's
# server, one of them still running. Usage: VENV=environment ansible.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  one_port 10000
  rm -rf results
  mkdir -p results
  export ARA_BASE_DIR=$HOME_DIR ARA_DATABASE_NAME=$HOME_DIR/ara.sqlite ARA_ALLOWED_HOSTS="['$HOST']" ARA_LOG_LEVEL=WARNING
  ARA_SECRET_KEY=$(new_secret)
  export ARA_SECRET_KEY
  # Nobody's own settings.
  : >ansible.cfg
  export ANSIBLE_CONFIG=$HOME_DIR/ansible.cfg ANSIBLE_HOME=$HOME_DIR/ansible ANSIBLE_LOCALHOST_WARNING=False ANSIBLE_RETRY_FILES_ENABLED=False
  logged migrate "$VENV/bin/ara-manage" migrate
  start ara "$VENV/bin/ara-manage" runserver --noreload "$HOST:$PORT"

  playbook deploy 0 & playbook broken 4 &
  wait_until 60 "ARA answers" answers "$URL/api/v1/"
  # One after the other: a host is as the last of them left it.
  { recorded deploy 0 && recorded broken 4; } &
  record start rolling ansible-playbook -i "$SERVERS/ansible/inventory.yml" "$SERVERS/ansible/rolling.yml"
  wait_until 120 "all playbooks are recorded" states_reached

  publish TRIOPS_LIVE_ANSIBLE "$HOME_DIR/results"
  publish TRIOPS_LIVE_ARA "$URL"
  printf '[[source]]\nname = "ansible"\nconnector = "ansible"\npath = ["%s"]\n\n' "$HOME_DIR/results" >>sources.toml
  offer_source ara ara "$URL"
}

# playbook NAME STATUS: its result as a file, whole once it is there; ansible-playbook must end with that status.
playbook() {
  ANSIBLE_STDOUT_CALLBACK=ansible.posix.json run "$1" "$2" >"results/.$1" 2>"logs/playbook-$1.log" && mv "results/.$1" "results/$1.json"
}

# The same, told to ARA while it runs.
recorded() { record run "$1" "$2" >"logs/recorded-$1.log" 2>&1; }

run() {
  local status=0
  ansible-playbook -i "$SERVERS/ansible/inventory.yml" "$SERVERS/ansible/$1.yml" </dev/null || status=$?
  [ "$status" = "$2" ]
}

# Ansible is Debian's, and so its Python; ARA's plugin comes from the environment.
record() {
  local packages
  packages=$(echo "$VENV"/lib/python3*/site-packages)
  PYTHONPATH=$packages ANSIBLE_CALLBACK_PLUGINS=$packages/ara/plugins/callback ARA_API_CLIENT=http ARA_API_SERVER=$URL "$@"
}

states_reached() {
  [ -f results/deploy.json ] && [ -f results/broken.json ] &&
    [ "$(fetch "$URL/api/v1/playbooks" | jq --raw-output '[.results[].status] | sort | join(" ")')" = "completed failed running" ] &&
    [ "$(fetch "$URL/api/v1/results?status=unreachable" | jq .count)" = 1 ]
}

serve ansible "$@"

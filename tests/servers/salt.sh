#!/usr/bin/env bash
# Salt: a master, its API and a minion, with jobs that returned, failed and run, a minion that is gone and a key nobody accepted.
# Usage: VENV=environment salt.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  local publish_port return_port
  read -r PORT publish_port return_port < <(free_ports 3 11000)
  URL=http://$HOST:$PORT
  secret=$(new_secret)
  mkdir -p etc cache
  configure "$publish_port" "$return_port"

  start master "$VENV/bin/salt-master" -c etc
  start minion "$VENV/bin/salt-minion" -c etc
  start api "$VENV/bin/salt-api" -c etc
  wait_until 120 "somebody can sign in" sign_in
  wait_until 120 "the minion answers its master" minion_is_up
  # Its key is accepted, and it never came.
  ask wheel key.gen_accept '"id_": "gone"' >logs/gone.log
  strange_key
  ask local state.apply '"tgt": "*", "arg": ["app"], "timeout": 60' >logs/apply.log
  ask local test.version '"tgt": "minion-1"' >logs/version.log
  ask local_async cmd.run '"tgt": "minion-1", "arg": ["sleep 86400"]' >logs/sleep.log
  wait_until 60 "a job is running" job_is_running

  publish TRIOPS_LIVE_SALT "$URL"
  publish TRIOPS_LIVE_SALT_SECRET "$secret"
  offer_source salt salt "$URL" \
    'auth = { scheme = "sharedsecret", user = "oncall", password = { env = "TRIOPS_LIVE_SALT_SECRET" } }' 'with = { eauth = "sharedsecret" }'
}

configure() {
  local user
  user=$(id --user --name)
  (
    umask 077
    cat >etc/master <<Y
interface: $HOST
publish_port: $1
ret_port: $2
root_dir: $HOME_DIR
user: $user
auto_accept: false
autosign_file: $HOME_DIR/etc/autosign
file_roots: {base: [$SERVERS/salt/srv]}
worker_threads: 3
sharedsecret: $secret
external_auth: {sharedsecret: {oncall: ['.*', '@runner', '@wheel', '@jobs']}}
netapi_enable_clients: [local, local_async, runner, runner_async, wheel]
rest_cherrypy: {port: $PORT, host: $HOST, disable_ssl: true}
log_level: warning
Y
    cat >etc/minion <<Y
master: $HOST
publish_port: $1
master_port: $2
id: minion-1
root_dir: $HOME_DIR
user: $user
log_level: warning
Y
    echo minion-1 >etc/autosign
  )
}

sign_in() {
  token=$(jq --null-input --arg secret "$secret" '{username: "oncall", password: $secret, eauth: "sharedsecret"}' |
    fetch "$URL/login" --header 'Content-Type: application/json' --header 'Accept: application/json' --data-binary @- | jq --raw-output '.return[0].token')
  [ -n "$token" ] && [ "$token" != null ]
}

# ask CLIENT FUNCTION MORE: what the API answers.
ask() {
  fetch "$URL/" --max-time 120 --header "X-Auth-Token: $token" --header 'Accept: application/json' --header 'Content-Type: application/json' \
    --data "[{\"client\": \"$1\", \"fun\": \"$2\"${3:+, $3}}]"
}

minion_is_up() { [ "$(ask local test.ping '"tgt": "*"' | jq --compact-output '.return[0]')" = '{"minion-1":true}' ]; }

# As if a machine that nobody knows had asked to be let in.
strange_key() {
  "$VENV/bin/salt-key" -c etc --gen-keys=strange --gen-keys-dir=cache >>logs/keys.log 2>&1
  cp cache/strange.pub "$(dirname "$(find . -path '*/minions/minion-1')")/../minions_pre/strange"
}

job_is_running() { [ "$(ask runner jobs.active | jq '.return[0] | length')" = 1 ]; }

serve salt "$@"

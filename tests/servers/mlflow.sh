#!/usr/bin/env bash
# Two MLflow tracking servers with their registries: an open one with runs in every status and registered models, and one
# behind basic auth. Usage: VENV=environment mlflow.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  local open guarded password seeding
  read -r open guarded < <(free_ports 2 22000)
  # Job execution would start eight more processes, and telemetry would call home.
  export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true
  password=$(new_secret)
  write_auth_config "$password"

  tracking_server open "$open"
  MLFLOW_AUTH_CONFIG_PATH=$HOME_DIR/basic_auth.ini MLFLOW_FLASK_SERVER_SECRET_KEY=$(new_secret) \
    tracking_server guarded "$guarded" --app-name basic-auth

  wait_until 300 "the open server is healthy" answers "http://$HOST:$open/health"
  "$VENV/bin/python" "$SERVERS/mlflow/seed.py" "http://$HOST:$open" >logs/seed-open.log 2>&1 &
  seeding=$!
  wait_until 300 "the guarded server is healthy" answers "http://$HOST:$guarded/health"
  MLFLOW_TRACKING_USERNAME=admin MLFLOW_TRACKING_PASSWORD=$password \
    "$VENV/bin/python" "$SERVERS/mlflow/seed.py" "http://$HOST:$guarded" --small >logs/seed-guarded.log 2>&1 || seeding_failed guarded
  wait "$seeding" || seeding_failed open
  wait_until 30 "the models have their versions and aliases" states_reached "http://$HOST:$open"

  publish TRIOPS_LIVE_MLFLOW "http://$HOST:$open"
  publish TRIOPS_LIVE_MLFLOW_AUTH "http://$HOST:$guarded"
  publish TRIOPS_LIVE_MLFLOW_PASSWORD "$password"
  offer_source mlflow mlflow "http://$HOST:$open"
  offer_source mlflow-auth mlflow "http://$HOST:$guarded" \
    'auth = { scheme = "basic", user = "admin", password = { env = "TRIOPS_LIVE_MLFLOW_PASSWORD" } }'
}

tracking_server() {
  local name=$1 port=$2
  shift 2
  mkdir -p "$name"
  start "$name" "$VENV/bin/mlflow" server --host "$HOST" --port "$port" --workers 1 \
    --backend-store-uri "sqlite:///$HOME_DIR/$name/mlflow.db" --artifacts-destination "$HOME_DIR/$name/artifacts" "$@"
}

write_auth_config() {
  (
    umask 077
    cat >basic_auth.ini <<I
[mlflow]
default_permission = READ
database_uri = sqlite:///$HOME_DIR/basic_auth.db
admin_username = admin
admin_password = $1
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
I
  )
}

seeding_failed() {
  tail -n 30 "logs/seed-$1.log" >&2
  die "the $1 MLflow server could not be filled"
}

states_reached() {
  local model statuses
  model=$(fetch "$1/api/2.0/mlflow/registered-models/get?name=churn-clf" | jq --raw-output \
    '.registered_model.aliases | map("\(.alias)=\(.version)") | sort | join(" ")')
  [ "$model" = "challenger=3 champion=2" ] || return 1
  statuses=$(fetch "$1/api/2.0/mlflow/experiments/get-by-name?experiment_name=churn" | jq '{experiment_ids: [.experiment.experiment_id]}' |
    fetch "$1/api/2.0/mlflow/runs/search" --header 'Content-Type: application/json' --data-binary @- |
    jq --raw-output '[.runs[].info.status] | sort | join(" ")')
  [ "$statuses" = "FAILED FINISHED FINISHED FINISHED KILLED RUNNING" ]
}

serve mlflow "$@"

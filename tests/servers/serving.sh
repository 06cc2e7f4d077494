#!/usr/bin/env bash
# Model servers: MLServer (Open Inference Protocol) with models that are served and one that cannot be loaded, and TorchServe with
# a model that nobody gave a worker and one whose worker does not start. Usage: VENV=environment serving.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  local ports
  read -r -a ports < <(free_ports 8 18000)
  mlserver "${ports[@]:0:3}"
  torchserve "${ports[@]:3:5}"
  wait_until 120 "MLServer answers" answers "http://$HOST:${ports[0]}/v2/health/live"
  load "http://$HOST:${ports[0]}" fraud
  load "http://$HOST:${ports[0]}" spare
  # It answers with an error, and keeps that it could not.
  load "http://$HOST:${ports[0]}" broken || true
  wait_until 120 "the models are in their states" models_are "http://$HOST:${ports[0]}"
  wait_until 120 "TorchServe answers" answers "http://$HOST:${ports[4]}/models"
  register "http://$HOST:${ports[4]}" churn
  register "http://$HOST:${ports[4]}" refunds
  # It answers with an error: without torch no worker can start.
  fetch "http://$HOST:${ports[4]}/models/refunds?min_worker=1&synchronous=true" --request PUT >>logs/register.log 2>&1 || true

  publish TRIOPS_LIVE_OPEN_INFERENCE "http://$HOST:${ports[0]}"
  publish TRIOPS_LIVE_TORCHSERVE "http://$HOST:${ports[4]}"
  offer_source mlserver open-inference "http://$HOST:${ports[0]}"
  offer_source torchserve torchserve "http://$HOST:${ports[4]}"
}

mlserver() {
  mkdir -p models/fraud models/spare models/broken
  jq --null-input --arg host "$HOST" --argjson http "$1" --argjson grpc "$2" --argjson metrics "$3" \
    '{host: $host, http_port: $http, grpc_port: $grpc, metrics_port: $metrics, parallel_workers: 0, load_models_at_startup: false}' >models/settings.json
  echo '{"name": "fraud", "implementation": "models.Fraud", "parameters": {"version": "v7"}}' >models/fraud/model-settings.json
  echo '{"name": "spare", "implementation": "models.Fraud"}' >models/spare/model-settings.json
  echo '{"name": "broken", "implementation": "models.Broken"}' >models/broken/model-settings.json
  PYTHONPATH=$SERVERS/serving start mlserver "$VENV/bin/mlserver" start models
}

load() { fetch "$1/v2/repository/models/$2/load" --request POST >>logs/load.log 2>&1; }

models_are() {
  [ "$(fetch "$1/v2/repository/index" --header 'Content-Type: application/json' --data '{}' |
    jq --raw-output '[.[] | "\(.name)=\(.state)"] | sort | join(" ")')" = "broken=UNAVAILABLE fraud=READY spare=READY" ]
}

torchserve() {
  mkdir -p store
  cat >config.properties <<P
inference_address=http://$HOST:$1
management_address=http://$HOST:$2
metrics_address=http://$HOST:$3
grpc_inference_address=$HOST
grpc_inference_port=$4
grpc_management_address=$HOST
grpc_management_port=$5
model_store=$HOME_DIR/store
disable_token_authorization=true
enable_model_api=true
enable_envvars_config=false
number_of_netty_threads=2
P
  TEMP=$HOME_DIR PATH=$VENV/bin:$PATH start torchserve "$VENV/bin/torchserve" --start --foreground --ncs --ts-config config.properties --model-store store
}

# register ADDRESS MODEL: with no worker.
register() {
  logged "archive-$2" "$VENV/bin/torch-model-archiver" --model-name "$2" --version 1.0 --handler "$SERVERS/serving/handler.py" --export-path store --force
  fetch "$1/models?url=$2.mar" --request POST >>logs/register.log
}

serve serving "$@"

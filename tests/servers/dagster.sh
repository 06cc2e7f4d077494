#!/usr/bin/env bash
# Dagster's web server and daemon with runs that succeeded, failed and go on, and an asset whose check fails.
# Usage: VENV=environment dagster.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  one_port 15000
  export DAGSTER_HOME=$HOME_DIR PATH=$VENV/bin:$PATH
  printf 'telemetry:\n  enabled: false\n' >dagster.yaml
  cp "$SERVERS/dagster/definitions.py" .
  start webserver dagster-webserver --host "$HOST" --port "$PORT" --python-file definitions.py
  start daemon dagster-daemon run --python-file definitions.py
  wait_until 300 "the API answers" answers "$URL/server_info"
  wait_until 120 "the jobs are loaded" jobs_are_loaded
  launch ok_job
  launch bad_job
  launch slow_job
  # What materializes assets alone is a job of its own.
  launch __ASSET_JOB '[{"path": ["orders"]}]' '[{"assetKey": {"path": ["orders"]}, "name": "no_nulls"}]'
  wait_until 300 "the runs are in their states" states_reached

  publish TRIOPS_LIVE_DAGSTER "$URL"
  offer_source dagster dagster "$URL"
}

graphql() { jq --null-input --arg query "$1" --argjson variables "${2:-{\}}" '$ARGS.named' | fetch "$URL/graphql" --header 'Content-Type: application/json' --data-binary @-; }

jobs_are_loaded() {
  location=$(graphql '{repositoriesOrError {... on RepositoryConnection {nodes {name location {name} jobs {name}}}}}' |
    jq --compact-output '.data.repositoriesOrError.nodes[0] | select(.jobs | length >= 3) | {repositoryName: .name, repositoryLocationName: .location.name}')
  [ -n "$location" ]
}

launch() {
  local selector
  selector=$(jq --compact-output --arg job "$1" --argjson assets "${2:-null}" --argjson checks "${3:-null}" \
    '. + {jobName: $job} + if $assets then {assetSelection: $assets, assetCheckSelection: $checks} else {} end' <<<"$location")
  graphql 'mutation ($params: ExecutionParams!) {launchRun(executionParams: $params) {__typename ... on LaunchRunSuccess {run {runId}} ... on Error {message}}}' \
    "{\"params\": {\"selector\": $selector, \"runConfigData\": {}}}" >>logs/launch.log
}

states_reached() {
  local runs
  runs=$(graphql '{runsOrError {... on Runs {results {jobName status}}}}' |
    jq --raw-output '[.data.runsOrError.results[] | "\(.jobName)=\(.status)"] | sort | join(" ")')
  printf '%s\n' "$runs" >logs/states.log
  [ "$runs" = "__ASSET_JOB=SUCCESS bad_job=FAILURE ok_job=SUCCESS slow_job=STARTED" ]
}

serve dagster "$@"

#!/usr/bin/env bash
# Great Expectations, dbt (with DuckDB) and Evidently, run once each: what they leave in files is what the tests read. Nothing keeps
# running. Usage: VENV=environment quality.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  : "${VENV:?the Python environment with the three; tests/servers/up makes it}"
  local tool jobs=() job failed=0
  rm -rf great-expectations dbt evidently
  mkdir -p great-expectations dbt evidently
  # None of them tells anybody that it ran.
  export GX_ANALYTICS_ENABLED=false DBT_SEND_ANONYMOUS_USAGE_STATS=false DBT_VERSION_CHECK=false DO_NOT_TRACK=1
  for tool in expect transform drift; do
    "$tool" >"logs/$tool.log" 2>&1 &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || failed=1; done
  if [ "$failed" = 1 ]; then
    tail -n 20 logs/*.log >&2
    die "one of the tools could not be run"
  fi

  publish TRIOPS_LIVE_GREAT_EXPECTATIONS "$HOME_DIR/great-expectations/gx/uncommitted/validations"
  publish TRIOPS_LIVE_DBT "$HOME_DIR/dbt/target"
  publish TRIOPS_LIVE_EVIDENTLY "$HOME_DIR/evidently"
  {
    printf '[[source]]\nname = "expectations"\nconnector = "great-expectations"\npath = ["%s"]\n\n' "$HOME_DIR/great-expectations/gx/uncommitted/validations"
    printf '[[source]]\nname = "dbt"\nconnector = "dbt"\npath = ["%s"]\n\n' "$HOME_DIR/dbt/target"
    printf '[[source]]\nname = "evidently"\nconnector = "evidently"\npath = ["%s"]\n\n' "$HOME_DIR/evidently"
  } >sources.toml
}

expect() { "$VENV/bin/python" "$SERVERS/quality/expectations.py" "$HOME_DIR/great-expectations"; }

drift() { "$VENV/bin/python" "$SERVERS/quality/drift.py" "$HOME_DIR/evidently"; }

# A model that cannot be built, one behind it, and tests that pass, warn and fail; sources older than they may be.
transform() {
  local project=$HOME_DIR/dbt dbt=("$VENV/bin/dbt" --no-use-colors)
  cp -r "$SERVERS/quality/dbt/." "$project"
  cd "$project"
  export DBT_PROFILES_DIR=$project DUCKDB_FILE=$project/shop.duckdb
  "${dbt[@]}" seed
  "${dbt[@]}" source freshness && die "the old source was found to be fresh"
  "${dbt[@]}" build && die "what cannot be built was built"
  # dbt exits with 1 where something failed and with 2 where it could not work at all.
  [ -s target/run_results.json ] && [ -s target/sources.json ] && [ -s target/manifest.json ]
}

serve quality "$@"

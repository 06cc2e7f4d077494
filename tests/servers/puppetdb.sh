#!/usr/bin/env bash
# PuppetDB on a PostgreSQL of its own, with reports of nodes that changed, failed, would change and fell silent.
# Usage: puppetdb.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  local database as=()
  read -r PORT database < <(free_ports 2 12000)
  URL=http://$HOST:$PORT
  BIN=$(echo /usr/lib/postgresql/*/bin)
  mkdir -p conf.d var pg
  # PostgreSQL refuses to run as root.
  if [ "$(id --user)" = 0 ]; then
    chown postgres pg
    chmod 711 "$DATA" "$HOME_DIR"
    as=(setpriv --reuid postgres --regid postgres --init-groups)
  fi
  if [ ! -f pg/data/PG_VERSION ]; then logged initdb "${as[@]}" "$BIN/initdb" --pgdata "$HOME_DIR/pg/data" --auth trust --username postgres --no-sync; fi
  start postgres "${as[@]}" "$BIN/postgres" -D "$HOME_DIR/pg/data" -p "$database" -c "listen_addresses=$HOST" \
    -c "unix_socket_directories=$HOME_DIR/pg" -c fsync=off
  wait_until 60 "PostgreSQL answers" "$BIN/pg_isready" --host "$HOST" --port "$database"
  sql postgres 'create role puppetdb login' 'create database puppetdb owner puppetdb'
  sql puppetdb 'create extension if not exists pg_trgm'

  configure
  start puppetdb java -Xmx320m -XX:TieredStopAtLevel=1 -Djava.security.egd=/dev/urandom -cp /usr/share/puppetdb/puppetdb.jar clojure.main \
    -m puppetlabs.puppetdb.core services -c "$HOME_DIR/conf.d" -b /etc/puppetdb/bootstrap.cfg
  wait_until 300 "the service runs" runs
  logged seed "$(system_python)" "$SERVERS/puppetdb/seed.py" "$URL"

  publish TRIOPS_LIVE_PUPPETDB "$URL"
  offer_source puppetdb puppetdb "$URL"
}

sql() {
  local name=$1 commands=() command
  shift
  for command in "$@"; do commands+=(--command "$command"); done
  logged "sql-$name" "$BIN/psql" --quiet --host "$HOST" --port "$database" --username postgres --dbname "$name" "${commands[@]}"
}

configure() {
  printf '[global]\nvardir = %s/var\nlogging-config = %s/logback.xml\n[puppetdb]\ndisable-update-checking = true\n' "$HOME_DIR" "$HOME_DIR" >conf.d/config.ini
  printf '[database]\nsubname = //%s:%s/puppetdb\nusername = puppetdb\npassword = none\nmigrator-username = puppetdb\nmigrator-password = none\n' \
    "$HOST" "$database" >conf.d/database.ini
  printf '[jetty]\nhost = %s\nport = %s\n' "$HOST" "$PORT" >conf.d/jetty.ini
  cat >conf.d/auth.conf <<'A'
authorization: { version: 1, rules: [ { match-request: { path: "/", type: path }, allow-unauthenticated: true, sort-order: 500, name: "all" } ] }
A
  cat >logback.xml <<'L'
<configuration><appender name="OUT" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%d %-5p [%c{2}] %m%n</pattern></encoder></appender><root level="warn"><appender-ref ref="OUT"/></root></configuration>
L
}

runs() { [ "$(fetch "$URL/status/v1/services" | jq --raw-output '.["puppetdb-status"].state')" = running ]; }

serve puppetdb "$@"

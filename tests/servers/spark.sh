#!/usr/bin/env bash
# Apache Spark, standalone: a master, a worker and the history server, with applications that completed, failed and run.
# Usage: VENV=environment spark.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  local rpc worker history driver
  read -r PORT rpc worker history driver < <(free_ports 5 16000)
  URL=http://$HOST:$PORT
  MASTER=spark://$HOST:$rpc
  mkdir -p events work
  SPARK_HOME=$(echo "$VENV"/lib/python3*/site-packages/pyspark)
  # Every port of every part on the loopback address.
  export SPARK_HOME SPARK_LOCAL_IP=$HOST SPARK_LOG_DIR=$HOME_DIR/logs SPARK_DAEMON_MEMORY=256m
  export PYSPARK_PYTHON=$VENV/bin/python PYSPARK_DRIVER_PYTHON=$VENV/bin/python
  export SPARK_HISTORY_OPTS="-Dspark.history.fs.logDirectory=file:$HOME_DIR/events -Dspark.history.ui.port=$history -Dspark.history.fs.update.interval=2s"
  # All of it is short-lived: what the compiler would gain is not worth its time.
  export JAVA_TOOL_OPTIONS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

  local class=$SPARK_HOME/bin/spark-class
  start master "$class" org.apache.spark.deploy.master.Master --host "$HOST" --port "$rpc" --webui-port "$PORT"
  start history "$class" org.apache.spark.deploy.history.HistoryServer
  wait_until 120 "the master answers" answers "$URL/json/"
  start worker "$class" org.apache.spark.deploy.worker.Worker --host "$HOST" --webui-port "$worker" --cores 2 --memory 2g --work-dir work "$MASTER"
  submission 1 slow --conf "spark.ui.port=$driver"
  start training "${SUBMISSION[@]}"
  submission 1 ok --conf spark.ui.enabled=false
  "${SUBMISSION[@]}" >logs/ok.log 2>&1 &
  # It ends with an error, as it should.
  submission 1 bad --conf spark.ui.enabled=false
  "${SUBMISSION[@]}" >logs/bad.log 2>&1 &
  wait_until 600 "the applications are in their states" states_reached "http://$HOST:$history" "http://$HOST:$driver"

  publish TRIOPS_LIVE_SPARK "http://$HOST:$history"
  publish TRIOPS_LIVE_SPARK_DRIVER "http://$HOST:$driver"
  publish TRIOPS_LIVE_SPARK_MASTER "$URL"
  offer_source spark spark "http://$HOST:$history"
  offer_source spark-driver spark "http://$HOST:$driver"
  offer_source spark-master spark-master "$URL"
}

# submission CORES NAME MORE: sets SUBMISSION to the command for an application on the cluster, with its events where the history server looks for them.
submission() {
  local cores=$1 name=$2
  shift 2
  SUBMISSION=("$SPARK_HOME/bin/spark-submit" --master "$MASTER" --name "$name-app" --driver-memory 512m --executor-memory 512m \
    --total-executor-cores "$cores" --conf spark.eventLog.enabled=true --conf "spark.eventLog.dir=file:$HOME_DIR/events" \
    --conf "spark.driver.host=$HOST" --conf "spark.driver.bindAddress=$HOST" "$@" "$SERVERS/spark/$name.py")
}

states_reached() {
  [ "$(fetch "$1/api/v1/applications" | jq --raw-output '[.[] | "\(.name)=\(.attempts[0].completed)"] | sort | join(" ")')" = \
    "bad-app=true ok-app=true slow-app=false" ] && [ "$(fetch "$2/api/v1/applications" | jq length)" = 1 ] &&
    [ "$(fetch "$URL/json/" | jq '.activeapps | length')" = 1 ]
}

serve spark "$@"

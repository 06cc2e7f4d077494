#!/usr/bin/env bash
# Apache Flink, standalone: a job manager and a task manager, with jobs that finished, failed and run.
# Usage: VENV=environment flink.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  local manager tasks data blobs jar
  read -r PORT manager tasks data blobs < <(free_ports 5 17000)
  URL=http://$HOST:$PORT
  mkdir -p conf tmp upload checkpoints classes
  configure
  CLASSES=$(echo "$VENV"/lib/python3*/site-packages/pyflink/lib/*.jar | tr ' ' ':')
  local java=(java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC "-Dlog4j.configurationFile=$HOME_DIR/conf/log4j.properties") package
  for package in util lang net io nio util.concurrent time; do java+=("--add-opens=java.base/java.$package=ALL-UNNAMED"); done

  start jobmanager "${java[@]}" -Xmx320m -cp "$CLASSES" org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint \
    --configDir "$HOME_DIR/conf" --executionMode cluster
  # What its own start script would work out.
  start taskmanager "${java[@]}" -Xmx256m -XX:MaxDirectMemorySize=256m -cp "$CLASSES" org.apache.flink.runtime.taskexecutor.TaskManagerRunner \
    --configDir "$HOME_DIR/conf" -D taskmanager.memory.network.min=64mb -D taskmanager.memory.network.max=64mb \
    -D taskmanager.memory.managed.size=64mb -D taskmanager.memory.task.heap.size=128mb -D taskmanager.memory.task.off-heap.size=0b \
    -D taskmanager.memory.framework.heap.size=128mb -D taskmanager.memory.framework.off-heap.size=128mb \
    -D taskmanager.memory.jvm-metaspace.size=128mb -D taskmanager.memory.jvm-overhead.min=64mb -D taskmanager.memory.jvm-overhead.max=64mb \
    -D taskmanager.cpu.cores=2.0
  logged compile javac -cp "$CLASSES" -d classes "$SERVERS/flink/Jobs.java"
  logged pack jar --create --file jobs.jar --main-class Jobs -C classes .
  wait_until 120 "the task manager has come" has_task_manager
  jar=$(fetch "$URL/jars/upload" --form jarfile=@jobs.jar | jq --raw-output '.filename | split("/") | last')
  submit orders-import finished
  submit charges failed
  submit clicks running
  wait_until 120 "the jobs are in their states" states_reached

  publish TRIOPS_LIVE_FLINK "$URL"
  publish TRIOPS_LIVE_FLINK_JAR "$jar"
  offer_source flink flink "$URL"
}

configure() {
  cat >conf/config.yaml <<Y
jobmanager: {rpc: {address: $HOST, port: $manager}, bind-host: $HOST, memory: {process: {size: 800m}}}
taskmanager: {host: $HOST, bind-host: $HOST, numberOfTaskSlots: 4, rpc: {port: $tasks}, data: {port: $data}}
rest: {address: $HOST, bind-address: $HOST, port: $PORT}
web: {upload: {dir: $HOME_DIR/upload}}
blob: {server: {port: $blobs}}
io: {tmp: {dirs: $HOME_DIR/tmp}}
execution: {checkpointing: {interval: 1s, dir: "file://$HOME_DIR/checkpoints", savepoint-dir: "file://$HOME_DIR/checkpoints"}}
restart-strategy: {type: none}
# on a machine that is busy with other things for a while, nobody is dead
heartbeat: {timeout: 600000}
Y
  printf '%s\n' 'rootLogger.level = WARN' 'rootLogger.appenderRef.c.ref = C' 'appender.c.name = C' 'appender.c.type = CONSOLE' \
    'appender.c.layout.type = PatternLayout' 'appender.c.layout.pattern = %d %-5p %c %m%n' >conf/log4j.properties
}

has_task_manager() { [ "$(fetch "$URL/overview" | jq .taskmanagers)" = 1 ]; }

submit() { fetch "$URL/jars/$jar/run" --header 'Content-Type: application/json' --data "{\"programArgsList\": [\"$1\", \"$2\"]}" >>logs/submit.log; }

states_reached() {
  [ "$(fetch "$URL/jobs/overview" | jq --raw-output '[.jobs[] | "\(.name)=\(.state)"] | sort | join(" ")')" = \
    "charges=FAILED clicks=RUNNING orders-import=FINISHED" ]
}

serve flink "$@"

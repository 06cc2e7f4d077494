#!/usr/bin/env bash
# Prometheus with rules in every state, Alertmanager with a silence, Pushgateway, node exporter, VictoriaMetrics fed by
# remote write, and a second Prometheus that scrapes nothing: tests write histories into it. Usage: prometheus.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  read -r prometheus alertmanager pushgateway node victoria written dead < <(free_ports 7 20000)
  write_prometheus_config
  write_alertmanager_config
  promtool check config prometheus.yml >logs/promtool.log 2>&1 || { cat logs/promtool.log >&2; die "the Prometheus configuration is not valid"; }

  start alertmanager prometheus-alertmanager --config.file=alertmanager.yml --storage.path=alertmanager \
    --web.listen-address="$HOST:$alertmanager" --cluster.listen-address=
  # By default it would keep what was pushed in one file for the whole machine.
  start pushgateway prometheus-pushgateway --web.listen-address="$HOST:$pushgateway" --persistence.file=
  start node-exporter prometheus-node-exporter --web.listen-address="$HOST:$node" --no-collector.systemd
  # By default the newest 30 s are hidden from queries; tests would wait for them.
  start victoria-metrics victoria-metrics -httpListenAddr="$HOST:$victoria" -storageDataPath=victoria -retentionPeriod=1d \
    -search.latencyOffset=1s
  # Alerts that fire before Prometheus has found its Alertmanager are lost until they are sent again, by default a minute later.
  start prometheus prometheus --config.file=prometheus.yml --storage.tsdb.path=tsdb --storage.tsdb.retention.time=1d \
    --web.listen-address="$HOST:$prometheus" --web.enable-lifecycle --web.enable-admin-api \
    --enable-feature=exemplar-storage --rules.alert.resend-delay=2s --storage.remote.flush-deadline=1s
  echo 'global: {}' >written.yml
  start prometheus-written prometheus --config.file=written.yml --storage.tsdb.path=tsdb-written --storage.tsdb.retention.time=1d \
    --web.listen-address="$HOST:$written" --web.enable-remote-write-receiver --enable-feature=native-histograms

  wait_until 60 "Pushgateway is ready" answers "http://$HOST:$pushgateway/-/ready"
  push queue orders triops_test_queue_lag 18
  push batch nightly triops_test_batch_exit_code 3
  wait_until 60 "Alertmanager is ready" answers "http://$HOST:$alertmanager/-/ready"
  silence_batch
  wait_until 60 "node exporter answers" answers "http://$HOST:$node/metrics"
  wait_until 60 "VictoriaMetrics is healthy" answers "http://$HOST:$victoria/health"
  wait_until 60 "Prometheus is ready" answers "http://$HOST:$prometheus/-/ready"
  wait_until 60 "the Prometheus for histories is ready" answers "http://$HOST:$written/-/ready"
  wait_until 90 "the alerts are firing and pending" states_reached
  wait_until 60 "VictoriaMetrics has received samples" victoria_has_samples

  publish TRIOPS_LIVE_PROMETHEUS "http://$HOST:$prometheus"
  publish TRIOPS_LIVE_PROMETHEUS_WRITTEN "http://$HOST:$written"
  publish TRIOPS_LIVE_ALERTMANAGER "http://$HOST:$alertmanager"
  publish TRIOPS_LIVE_PUSHGATEWAY "http://$HOST:$pushgateway"
  publish TRIOPS_LIVE_NODE_EXPORTER "http://$HOST:$node/metrics"
  publish TRIOPS_LIVE_VICTORIAMETRICS "http://$HOST:$victoria"
  offer_source prometheus prometheus "http://$HOST:$prometheus"
  offer_source alertmanager alertmanager "http://$HOST:$alertmanager"
  offer_source victoria prometheus "http://$HOST:$victoria"
}

write_prometheus_config() {
  cp "$SERVERS/prometheus/rules.yml" rules.yml
  cat >prometheus.yml <<Y
global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels: { cluster: triops-tests }
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{ targets: ["$HOST:$alertmanager"] }]
remote_write:
  - url: http://$HOST:$victoria/api/v1/write
    queue_config: { batch_send_deadline: 1s }
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["$HOST:$prometheus"] }]
  - job_name: alertmanager
    static_configs: [{ targets: ["$HOST:$alertmanager"] }]
  - job_name: node
    static_configs: [{ targets: ["$HOST:$node"] }]
  - job_name: pushgateway
    honor_labels: true
    static_configs: [{ targets: ["$HOST:$pushgateway"] }]
  - job_name: dead-service # nothing listens there
    static_configs: [{ targets: ["$HOST:$dead"], labels: { team: payments } }]
Y
}

# The webhooks go to the dead port: a failing notification must not matter.
write_alertmanager_config() {
  cat >alertmanager.yml <<Y
route:
  receiver: on-call
  group_by: [alertname, job]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 1h
  routes:
    - { matchers: ['team="data"'], receiver: data-team }
    - { matchers: ['severity="info"'], receiver: nobody }
receivers:
  - { name: on-call, webhook_configs: [{ url: "http://$HOST:$dead/on-call" }] }
  - { name: data-team, webhook_configs: [{ url: "http://$HOST:$dead/data-team" }] }
  - { name: nobody }
Y
}

# push LABEL VALUE_OF_LABEL METRIC VALUE: one gauge with one label, as a batch job would leave it.
push() {
  fetch "http://$HOST:$pushgateway/metrics/job/triops_test_$1" --request PUT --data-binary @- <<M
# TYPE $3 gauge
$3{$1="$2"} $4
M
}

# One silence that suppresses BatchFailed for a day, and one that was expired again.
silence_batch() {
  local id
  post_silence BatchFailed "vendor is informed" >/dev/null
  id=$(post_silence NeverFiring "expired at once")
  fetch "http://$HOST:$alertmanager/api/v2/silence/$id" --request DELETE
}

post_silence() {
  jq --null-input --arg alert "$1" --arg comment "$2" '{
      matchers: [{name: "alertname", value: $alert, isRegex: false, isEqual: true}],
      startsAt: (now | todate), endsAt: (now + 86400 | todate), createdBy: "oncall", comment: $comment}' |
    fetch "http://$HOST:$alertmanager/api/v2/silences" --header 'Content-Type: application/json' --data-binary @- |
    jq --raw-output .silenceID
}

states_reached() {
  local prometheus_says alertmanager_says
  prometheus_says=$(fetch "http://$HOST:$prometheus/api/v1/rules" | jq --raw-output \
    '[.data.groups[].rules[] | select(.type == "alerting") | "\(.name)=\(.state)/\(.health)"] | sort | join(" ")')
  alertmanager_says=$(fetch "http://$HOST:$alertmanager/api/v2/alerts" | jq --raw-output \
    '[.[] | "\(.labels.alertname)=\(.status.state)"] | sort | join(" ")')
  printf '%s\n' "$prometheus_says" "$alertmanager_says" >logs/states.log
  [ "$prometheus_says" = "BatchFailed=firing/ok EvaluationFails=inactive/err InstanceDown=firing/ok InstanceDownForLong=pending/ok NeverFiring=inactive/ok QueueLag=firing/ok Watchdog=firing/ok" ] &&
    [ "$alertmanager_says" = "BatchFailed=suppressed InstanceDown=active QueueLag=active Watchdog=active" ]
}

victoria_has_samples() {
  fetch "http://$HOST:$victoria/api/v1/query?query=up" | jq --exit-status '.data.result | length > 0'
}

serve prometheus "$@"

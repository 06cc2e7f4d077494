"""Tells PuppetDB what agents would: reports that changed, failed, would change, did nothing and are old. Usage: seed.py URL"""

import datetime
import json
import sys
import urllib.request
import uuid

URL = sys.argv[1]
NOW = datetime.datetime.now(datetime.timezone.utc)


def ago(minutes):
    return (NOW - datetime.timedelta(minutes=minutes)).isoformat()


def command(name, version, node, payload):
    address = f"{URL}/pdb/cmd/v1?command={name}&version={version}&certname={node}&secondsToWaitForCompletion=30"
    request = urllib.request.Request(address, json.dumps(payload).encode(), {"Content-Type": "application/json", "Accept": "application/json"})
    answer = json.load(urllib.request.urlopen(request))
    assert answer["processed"] and not answer.get("error"), answer


def resource(kind, title, at, event, line):
    corrective = bool(event and event["corrective_change"])
    return {
        "timestamp": at, "resource_type": kind, "resource_title": title, "skipped": False, "events": [event] if event else [],
        "file": "/etc/puppet/site.pp", "line": line, "containment_path": ["Stage[main]", "Web", f"{kind}[{title}]"], "corrective_change": corrective,
    }


def event(status, at, before, after, message, corrective=False):
    return {
        "status": status, "timestamp": at, "property": "ensure", "old_value": before, "new_value": after, "message": message,
        "name": "ensure", "corrective_change": corrective,
    }


def report(node, status, minutes, noop=False, corrective=False):
    at = ago(minutes)
    service = None
    if status in ("changed", "failed") or noop:
        service = event("noop" if noop else "success", at, "stopped", "running", "ensure changed 'stopped' to 'running'", corrective)
    resources = [resource("Service", "nginx", at, service, 12)]
    if status == "failed":
        why = "change from absent to present failed: E: Unable to locate package gateway"
        resources.append(resource("Package", "gateway", at, event("failure", at, "absent", "present", why), 20))
    log = {
        "file": None, "line": None, "source": "Puppet", "tags": ["notice"], "time": at,
        "level": "err" if status == "failed" else "notice",
        "message": "Could not apply complete catalog" if status == "failed" else "Applied catalog in 3.25 seconds",
    }
    command("store_report", 8, node, {
        "certname": node, "environment": "production", "puppet_version": "7.23.0", "report_format": 12, "configuration_version": "42",
        "start_time": ago(minutes + 1), "end_time": at, "producer_timestamp": at, "producer": "puppet.example",
        "transaction_uuid": str(uuid.uuid4()), "status": status, "noop": noop, "noop_pending": noop, "corrective_change": corrective,
        "cached_catalog_status": "not_used", "catalog_uuid": None, "code_id": None, "job_id": None, "type": "agent", "resources": resources,
        "metrics": [{"category": "resources", "name": "failed", "value": int(status == "failed")}], "logs": [log],
    })


report("web1", "unchanged", 60)
report("web1", "changed", 2)
report("web2", "failed", 3)
report("db1", "unchanged", 1)
report("cache1", "unchanged", 4, noop=True)
report("drifted1", "changed", 5, corrective=True)
report("stale1", "unchanged", 60 * 24 * 3)

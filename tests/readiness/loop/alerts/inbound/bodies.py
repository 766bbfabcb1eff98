"""Bodies as the programs send them: Alertmanager 0.34 and 0.31, Grafana, PagerDuty's webhooks of version 3."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ZERO = "0001-01-01T00:00:00Z"


def alert(name="NodeDown", *, fingerprint="a1", starts=NOW, ends=None, labels=None, annotations=None):
    return {
        "status": "firing" if ends is None else "resolved",
        "labels": {"alertname": name, "site": "porto", "instance": "gpu-1:9100", "severity": "critical"}
        | (labels or {}),
        "annotations": {"summary": f"{name} at porto", "description": "No answer for 5 minutes."}
        | (annotations or {}),
        "startsAt": starts.isoformat(),
        "endsAt": ZERO if ends is None else ends.isoformat(),
        "generatorURL": "http://prometheus.example/graph?g0.expr=up",
        "fingerprint": fingerprint,
    }


def alertmanager(
    *alerts, truncated=0, group='{}:{alertname="NodeDown"}', newest=True, reason="first notification"
):
    """The body of 0.34; without `newest` that of 0.31, which has neither a reason nor labels of the route."""
    body = {
        "receiver": "muster",
        "status": "firing" if any(each["status"] == "firing" for each in alerts) else "resolved",
        "alerts": list(alerts),
        "groupLabels": {"alertname": "NodeDown"},
        "commonLabels": {"alertname": "NodeDown"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "version": "4",
        "groupKey": group,
        "truncatedAlerts": truncated,
    }
    if newest:
        body |= {"notification_reason": reason, "routeLabels": {"team": "night"}}
    return json.dumps(body).encode()


def grafana(*alerts):
    body = json.loads(alertmanager(*alerts, newest=False))
    body |= {"version": "1", "orgId": 1, "title": "[FIRING:1]", "state": "alerting", "message": "**Firing**"}
    for each in body["alerts"]:
        each |= {
            "silenceURL": "",
            "dashboardURL": "",
            "panelURL": "",
            "values": {"A": 1},
            "valueString": "[ A=1 ]",
        }
    return json.dumps(body).encode()


def signed_grafana(body, secret, at=NOW):
    stamp = str(int(at.timestamp()))
    digest = hmac.digest(secret.encode(), f"{stamp}:".encode() + body, hashlib.sha256).hex()
    return {"x-grafana-alerting-signature": digest, "x-grafana-alerting-timestamp": stamp}


def incident(kind="triggered", *, key="their-key", at=NOW, created=NOW, incident_id="Q1", **data):
    body = {
        "event": {
            "id": "01DEN0V1VIEW2IV0KK9OTB0NEO",
            "event_type": f"incident.{kind}",
            "resource_type": "incident",
            "occurred_at": at.isoformat().replace("+00:00", "Z"),
            "agent": {"id": "PLH1HKV", "summary": "Ana Reis", "type": "user_reference"},
            "client": None,
            "data": {
                "id": incident_id,
                "type": "incident",
                "html_url": f"https://acme.pagerduty.com/incidents/{incident_id}",
                "number": 2,
                "status": kind,
                "incident_key": key,
                "created_at": created.isoformat().replace("+00:00", "Z"),
                "title": "Cooling at porto",
                "service": {"id": "PF9KMXH", "summary": "Cooling porto", "type": "service_reference"},
                "assignees": [{"id": "PTUXL6G", "summary": "Ana Reis", "type": "user_reference"}],
                "teams": [{"id": "PFCVPS0", "summary": "Facility", "type": "team_reference"}],
                "priority": {"id": "PSO75BM", "summary": "P2", "type": "priority_reference"},
                "urgency": "high",
            }
            | data,
        }
    }
    return json.dumps(body).encode()


def signed_pagerduty(body, *secrets):
    digests = [hmac.digest(secret.encode(), body, hashlib.sha256).hex() for secret in secrets]
    return {"x-pagerduty-signature": ",".join(f"v1={digest}" for digest in digests)}


def after(minutes):
    return NOW + timedelta(minutes=minutes)

"""The example alerts and the dashboard ask for metrics and labels that Muster serves, and mean what they say."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from telemetry import operations
from tests.readiness.assessment.scoring import stored
from web import metrics

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "muster.rules.yaml"
DASHBOARD = json.loads((DEPLOY / "grafana" / "muster.json").read_text(encoding="utf-8"))
_SELECTOR = re.compile(r"\b(muster_\w+)(?:\{([^}]*)\})?")


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]


def expressions():
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [*(rule["expr"] for rule in rules()), *panels]


def selectors():
    """Yield each metric that an expression reads, with the labels that it selects by."""
    for expression in expressions():
        for metric, labels in _SELECTOR.findall(expression):
            yield metric, frozenset(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', labels))


def promtool(*arguments, cwd):
    path = shutil.which("promtool")
    if path is None:
        missing = "Debian's promtool (package prometheus) is not installed"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    ran = subprocess.run([path, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture
def labels_at_metrics(client_of, frozen_now):
    """The labels of each metric at /metrics of an installation that has something of everything."""
    porto = stored.site("not-ready", name="Porto")
    stored.health(porto, "energy", "critical")
    stored.result(porto, "p2-power-headroom", "fail", gate="BLOCK")
    operations.create_source(site=porto, name="Prometheus", by=None, now=frozen_now.at)
    client = client_of("ops")
    client.get("/metrics")
    labels = {}
    for family in text_string_to_metric_families(client.get("/metrics").content.decode()):
        labels.setdefault(family.name, set())
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    return labels


@pytest.mark.django_db
def test_every_metric_and_label_is_served(labels_at_metrics):
    declared = {family.name: set(family.labels) for family in metrics.gauge_families()}
    wrong = [
        f"{metric}{sorted(names)}"
        for metric, names in selectors()
        if metric not in labels_at_metrics
        or names - (labels_at_metrics[metric] | declared.get(metric, set()))
    ]
    assert not wrong
    assert len(set(selectors())) > 15


def test_the_rules_are_right_and_mean_what_they_say(tmp_path):
    promtool("check", "rules", str(RULES), cwd=tmp_path)
    for path in (RULES, Path(__file__).with_name("muster.test.yaml")):
        shutil.copy(path, tmp_path)
    promtool("test", "rules", "muster.test.yaml", cwd=tmp_path)


def test_every_alert_says_what_to_do():
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}, rule["alert"]
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"].endswith("."), rule["alert"]


def test_the_dashboard_stands_on_any_prometheus():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {"${datasource}"}

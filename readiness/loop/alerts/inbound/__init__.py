"""Alerts that other systems tell of: Alertmanager, Grafana and PagerDuty."""

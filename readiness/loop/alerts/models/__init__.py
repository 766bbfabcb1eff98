"""Alerts and their life, who is told, what holds them back."""

from readiness.loop.alerts.models.alerts import Alert, AlertEvent, AlertingState, EndedBy
from readiness.loop.alerts.models.heartbeat import HeartbeatKind, HeartbeatTarget
from readiness.loop.alerts.models.inbound import (
    AlertSender,
    InboundAlert,
    InboundRule,
    InboundWebhook,
    SenderKind,
)
from readiness.loop.alerts.models.notices import Notice
from readiness.loop.alerts.models.reach import AlertPreferences, Subscription
from readiness.loop.alerts.models.routes import EscalationLevel, EscalationRoute
from readiness.loop.alerts.models.silences import MaintenanceWindow, Silence

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertPreferences",
    "AlertSender",
    "AlertingState",
    "EndedBy",
    "EscalationLevel",
    "EscalationRoute",
    "HeartbeatKind",
    "HeartbeatTarget",
    "InboundAlert",
    "InboundRule",
    "InboundWebhook",
    "MaintenanceWindow",
    "Notice",
    "SenderKind",
    "Silence",
    "Subscription",
]

"""Kinds and severities of alerts, and the reasons for telling somebody."""

from enum import StrEnum


class AlertKind(StrEnum):
    """Subjects of alerts. The first come from stored problems, the next from dates, the last from other systems."""

    HEALTH = "health"
    SOURCE = "source"
    CHECK = "check"
    VERDICT = "verdict"
    MUSTER = "muster"
    SHIFT = "shift"
    WAIVER = "waiver"
    QUALIFICATION = "qualification"
    OWNERSHIP = "ownership"
    EVIDENCE = "evidence"
    CERTIFICATE = "certificate"
    DUTY = "duty"
    SURVEILLANCE = "surveillance"
    CERTIFICATION = "certification"
    REACH = "reach"
    INBOUND = "inbound"


class AlertSeverity(StrEnum):
    """Most severe first; the words are those of PagerDuty's events."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        return list(AlertSeverity).index(self)


class AlertStanding(StrEnum):
    """The standing of an alert at an instant: who carries it while it fires, or that it is over."""

    ESCALATING = "escalating"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    MUTED = "muted"
    OVER = "over"


class NoticeReason(StrEnum):
    """Why somebody is told of an alert."""

    BEGAN = "began"
    ESCALATED = "escalated"
    REPEATED = "repeated"
    WORSE = "worse"
    ACK_ENDED = "ack-ended"
    SILENCE_ENDED = "silence-ended"
    CAUSE_ENDED = "cause-ended"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    ENDED = "ended"
    LAST_RESORT = "last-resort"
    FIRST_START = "first-start"

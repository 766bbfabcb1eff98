"""Silences and windows in words."""

from readiness.loop.alerts.core.kinds import AlertKind
from readiness.loop.alerts.models.alerts import KINDS
from readiness.loop.alerts.models.silences import MaintenanceWindow, Matched, Silence
from readiness.organisation.people.core.recurrence import rule_words
from web.units import how_many

_KIND_LABELS = dict(KINDS)


def matcher_words(row: Matched) -> str:
    """The alerts that it matches, such as "Porto, energy, pdu-*"."""
    if isinstance(row, Silence) and row.alert is not None:
        return f"only “{row.alert.title}”"
    kind = _KIND_LABELS[AlertKind(row.kind).value].lower() if row.kind else ""
    place = row.site or row.region
    check = f"check {row.check_id}" if row.check_id else ""
    parts = [str(place) if place else "all sites", row.get_domain_display().lower(), kind, check, row.object]
    return ", ".join(filter(None, parts))


def repeat_words(window: MaintenanceWindow) -> str:
    return rule_words(window.rule) if window.rule else "once"


def duration_words(minutes: int) -> str:
    """Whole days, hours or minutes, such as "3 h 30 min"."""
    hours, rest = divmod(minutes, 60)
    if not rest and hours and not hours % 24:
        return how_many(hours // 24, "day", "days")
    return " ".join(part for part in (hours and f"{hours} h", rest and f"{rest} min") if part)

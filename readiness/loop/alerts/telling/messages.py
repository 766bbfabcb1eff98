"""One message to one channel: why it came, what changed, the effect, what to do, and who else was told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User
from readiness.loop.alerts.core.grouping import AlertCounts, AlertGroup, counts_of, groups_of
from readiness.loop.alerts.core.kinds import AlertSeverity, AlertStanding, NoticeReason
from readiness.loop.alerts.models import Alert, Notice
from readiness.loop.alerts.telling.payloads import PayloadSubject, absolute, alert_url, payload
from readiness.loop.alerts.telling.readings import Readings, ToldLine
from readiness.loop.problems.advice import Advice
from web.delivery.models import Channel, ChannelKind
from web.delivery.outbox import Draft

MOST_DESCRIBED = 3
MOST_LISTED = 20
MOST_TOLD = 6
READ_BY_PROGRAMS = (ChannelKind.WEBHOOK, ChannelKind.PAGERDUTY, ChannelKind.ALERTMANAGER)
SHOWN_AS_HTML = (ChannelKind.MAIL, ChannelKind.MAILBOX)
EVENTS = {
    NoticeReason.ENDED: "alert.ended",
    NoticeReason.ACKNOWLEDGED: "alert.acknowledged",
    NoticeReason.ESCALATED: "alert.escalated",
    NoticeReason.REPEATED: "alert.escalated",
    NoticeReason.LAST_RESORT: "alert.escalated",
    NoticeReason.FIRST_START: "alert.digest",
}
"""Other reasons make "alert.raised"."""
_FIRING_FIRST = (
    NoticeReason.LAST_RESORT,
    NoticeReason.ESCALATED,
    NoticeReason.REPEATED,
    NoticeReason.FIRST_START,
    NoticeReason.ACKNOWLEDGED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertText:
    """One cause, as a message describes it. `following` is the number of alerts that are told with it."""

    group: AlertGroup[Alert]
    reason: str
    role: str
    url: str
    problem_url: str
    following: int
    goes_on_at: datetime | None
    advice: Advice | None
    how_to: str
    told: Sequence[ToldLine]
    more_told: int
    not_told: Sequence[ToldLine]

    @property
    def alert(self) -> Alert:
        return self.group.head

    @property
    def procedure_url(self) -> str:
        return absolute(self.advice.procedure.url) if self.advice and self.advice.procedure else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageContext:
    """The variables of the templates of a message. `listed` are causes with a line each, `more` is the number of
    further ones."""

    counts: AlertCounts
    described: Sequence[AlertText]
    listed: Sequence[AlertGroup[Alert]]
    more: int
    page_at: datetime
    is_first_start: bool
    preferences_url: str
    alerts_url: str


def draft_of(notices: Sequence[Notice], channel: Channel, reader: User, readings: Readings) -> Draft:
    """The notices are of this channel, and of alerts that the reader may see."""
    alerts = {notice.alert_id: readings.alerts[notice.alert_id] for notice in notices}
    groups = groups_of(alerts.values())
    newest = {notice.alert_id: notice for notice in notices}
    subject = PayloadSubject(
        event_of(notices, alerts.values()), action_of(alerts.values()), groups[0].head.group
    )
    with timezone.override(ZoneInfo(reader.time_zone)):
        context = _context(groups, newest, channel, reader, readings)
        key = f"alerts-{channel.pk}-{min(notice.pk for notice in notices)}"
        variables = {"message": context, "reader": reader}
        is_for_programs = channel.kind in READ_BY_PROGRAMS
        return Draft(
            channel_id=channel.pk,
            key=key,
            event=subject.event,
            subject=subject_line(groups),
            text=render_to_string("readiness/alerts/message.txt", variables).strip() + "\n",
            html=render_to_string("readiness/alerts/message.html", variables)
            if channel.kind in SHOWN_AS_HTML
            else "",
            payload=payload(
                subject,
                [alert for group in groups for alert in group.alerts],
                key=key,
                now=readings.now,
                actions={text.alert.pk: action_text(text) for text in context.described},
            )
            if is_for_programs
            else {},
            order_key=_order_key(channel, groups),
            about=f"alert:{groups[0].head.pk}",
            is_urgent=any(notice.is_page or readings.follows_page(notice) for notice in notices),
        )


def _order_key(channel: Channel, groups: Sequence[AlertGroup[Alert]]) -> str:
    """Programs go by the last word that they get of an alert, whatever else the message tells."""
    if channel.kind in READ_BY_PROGRAMS:
        return f"alerts-{channel.pk}"
    return f"alerts-{channel.pk}-{groups[0].head.group}"[:200] if len(groups) == 1 else ""


def _context(
    groups: Sequence[AlertGroup[Alert]],
    newest: Mapping[int, Notice],
    channel: Channel,
    reader: User,
    readings: Readings,
) -> MessageContext:
    described, others = groups[:MOST_DESCRIBED], groups[MOST_DESCRIBED:]
    return MessageContext(
        counts=counts_of([alert for group in groups for alert in group.alerts]),
        described=[
            _alert_text(group, newest[group.head.pk], channel, reader, readings) for group in described
        ],
        listed=others[:MOST_LISTED],
        more=max(len(others) - MOST_LISTED, 0),
        page_at=readings.now,
        is_first_start=any(notice.reason == NoticeReason.FIRST_START for notice in newest.values()),
        preferences_url=absolute("/settings/alerts/"),
        alerts_url=absolute("/alerts/"),
    )


def _alert_text(
    group: AlertGroup[Alert], notice: Notice, channel: Channel, reader: User, readings: Readings
) -> AlertText:
    alert = group.head
    others = readings.others_told(alert, channel, reader)
    told_lines = [line for line in others if not line.lack]
    check = readings.framework.checks_by_id.get(alert.check_id)
    is_escalating = alert.standing == AlertStanding.ESCALATING and alert.severity == AlertSeverity.CRITICAL
    return AlertText(
        group=group,
        reason="" if notice.reason == NoticeReason.BEGAN else str(notice.get_reason_display()),
        role=notice.role,
        url=alert_url(alert),
        problem_url=absolute(alert.url),
        following=readings.following.get(alert.pk, 0),
        goes_on_at=alert.next_at
        if is_escalating and alert.next_at and alert.next_at > readings.now
        else None,
        advice=None if alert.ended_at else readings.advice_of(alert, reader),
        how_to=check.how_to if check else "",
        told=told_lines[:MOST_TOLD],
        more_told=max(len(told_lines) - MOST_TOLD, 0),
        not_told=[line for line in others if line.lack][:MOST_TOLD],
    )


def action_text(text: AlertText) -> str:
    """The advice in one line, for programs."""
    advice = text.advice
    if advice is None:
        return text.how_to
    if advice.procedure:
        return f"{advice.procedure.procedure.title}: {text.procedure_url}"
    return (advice.code.action if advice.code else "") or advice.action or text.how_to


def event_of(notices: Sequence[Notice], alerts: Collection[Alert]) -> str:
    if all(alert.ended_at is not None for alert in alerts):
        return "alert.ended"
    reasons = {NoticeReason(notice.reason) for notice in notices} - {NoticeReason.ENDED}
    first = next((reason for reason in _FIRING_FIRST if reasons == {reason}), None)
    return EVENTS.get(first, "alert.raised") if first else "alert.raised"


def action_of(alerts: Collection[Alert]) -> str:
    """The action for receivers that know three: something is to be done, somebody does it, or nothing is left."""
    firing = [alert for alert in alerts if alert.ended_at is None]
    if not firing:
        return "resolve"
    is_taken_on = all(alert.standing == AlertStanding.ACKNOWLEDGED for alert in firing)
    return "acknowledge" if is_taken_on else "trigger"


def subject_line(groups: Sequence[AlertGroup[Alert]]) -> str:
    """The worst cause by name, and the true numbers of the rest."""
    counts = counts_of([alert for group in groups for alert in group.alerts])
    head = groups[0].head
    place = f"{head.site.name}: " if head.site and not head.title.startswith(head.site.name) else ""
    mark = "Ended" if head.ended_at else AlertSeverity(head.severity).value.capitalize()
    more = f" and {counts.total - 1:,} more" if counts.total > 1 else ""
    where = f" at {counts.sites:,} sites" if counts.sites > 1 else ""
    return f"{mark}: {place}{head.title}{more}{where}"

"""The content of the messages of a run: alerts, what follows from them, who else was told, what to do; each reader sees
only what is theirs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef

from accounts.models import User
from accounts.queries import names_of_permissions, scopes_of, slugs_of_scopes
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.loop.alerts.models import Alert, Notice
from readiness.loop.alerts.telling.notices import FOLLOWS
from readiness.loop.alerts.telling.readers import AlertReaders, alert_readers
from readiness.loop.problems import sentences
from readiness.loop.problems.advice import Advice, advice_for
from readiness.loop.problems.models import Problem
from web import scopes
from web.delivery.models import Channel
from web.visibility import name_of


@dataclass(frozen=True, slots=True)
class ToldLine:
    """Somebody else who was told of an alert, in a reader's words. `lack` says why they were not."""

    who: str
    role: str
    channel: str
    lack: str


@dataclass(slots=True)
class Readings:
    """Everything that is read once for all messages of a run; `advice` is kept by problem and reader's rights.

    `readers` are the owners of the channels, as whom messages are read."""

    now: datetime
    alerts: Mapping[int, Alert]
    readers: Mapping[int, User]
    framework: Framework
    permits: AlertReaders
    following: Mapping[int, int] = field(default_factory=dict)
    notices: Mapping[int, Sequence[Notice]] = field(default_factory=dict)
    problems: Mapping[int, Problem] = field(default_factory=dict)
    pages: set[tuple[int, int | None]] = field(default_factory=set)
    advice: dict[tuple[Any, ...], Advice | None] = field(default_factory=dict)

    def describe(self, heads: Collection[int]) -> None:
        """Read what is said only of the alerts that messages describe. Three statements."""
        open_children = Alert.objects.open().filter(cause__in=heads).order_by().values_list("cause_id")
        self.following = dict(open_children.annotate(number=Count("pk")))
        by_alert: dict[int, list[Notice]] = defaultdict(list)
        notices = Notice.objects.filter(alert__in=heads).select_related("user", "channel").order_by("pk")
        for notice in notices:
            by_alert[notice.alert_id].append(notice)
        self.notices = by_alert
        problem_ids = {self.alerts[head].problem_id for head in heads} - {None}
        self.problems = Problem.objects.in_bulk(problem_ids)

    def read_pages(self, channels: Iterable[Channel]) -> None:
        """Read which alerts were pages to channels that take urgent messages only. A statement, if there are any."""
        channel_ids = [channel.pk for channel in channels if channel.only_urgent]
        if channel_ids:
            pages = Notice.objects.sent().filter(channel__in=channel_ids, alert__in=self.alerts, is_page=True)
            self.pages = set(pages.order_by().values_list("alert_id", "channel_id"))

    def follows_page(self, notice: Notice) -> bool:
        """Whether it tells what became of a page to a channel that takes urgent messages only."""
        return notice.reason in FOLLOWS and (notice.alert_id, notice.channel_id) in self.pages

    def visible(self, alerts: Iterable[Alert], reader: User, channel: Channel) -> set[int]:
        """The alerts that a reader may see, and that are within the scope of the channel. A statement for users with
        scopes, none for others."""
        ids = {alert.pk for alert in alerts if self._may_see(channel, reader, alert)}
        if not scopes_of(reader):
            return ids
        with scopes.read_as(reader):
            return set(Alert.objects.filter(pk__in=ids).values_list("pk", flat=True))

    def _may_see(self, channel: Channel, reader: User, alert: Alert) -> bool:
        if channel.is_shared:
            return self.permits.reads(channel, alert, alert.site)
        return self.permits.sees(reader.pk, alert, alert.site)

    def advice_of(self, alert: Alert, reader: User) -> Advice | None:
        """The advice for the problem of an alert, as this reader may see it."""
        problem = self.problems.get(alert.problem_id or 0)
        if problem is None:
            return None
        key = (problem.pk, scopes_of(reader), reader.has_perm("people.view_procedure"))
        if key not in self.advice:
            reasons = sentences.reasons_of(problem)
            with scopes.read_as(reader):
                self.advice[key] = advice_for(
                    problem, reasons[0] if reasons else None, self.framework, (), user=reader, now=self.now
                )
        return self.advice[key]

    def others_told(self, alert: Alert, channel: Channel, reader: User) -> list[ToldLine]:
        """Everybody else who was told, or could not be, in the order of time."""
        lines: dict[tuple[Any, ...], ToldLine] = {}
        for notice in self.notices.get(alert.pk, ()):
            is_own = notice.channel_id == channel.pk if channel.is_shared else notice.user_id == reader.pk
            if not is_own:
                lines.setdefault((notice.user_id, notice.channel_id, notice.role), _line(notice, reader))
        return list(lines.values())


def _line(notice: Notice, reader: User) -> ToldLine:
    who = name_of(notice.user, reader) if notice.user else str(notice.channel or "nobody")
    channel = notice.channel.get_kind_display() if notice.channel and notice.user else ""
    return ToldLine(who, notice.role, channel, str(notice.get_lack_display()) if notice.lack else "")


def readings(alert_ids: Collection[int], user_ids: Collection[int], *, now: datetime) -> Readings:
    """Six statements, and the framework in force."""
    alerts = Alert.objects.select_related("site__region", "acknowledged_by").in_bulk(alert_ids)
    users = User.objects.filter(pk__in=user_ids, is_active=True).annotate(
        permission_names=names_of_permissions(OuterRef("pk")), scope_slugs=slugs_of_scopes(OuterRef("pk"))
    )
    _version, framework = framework_queries.current()
    return Readings(now, alerts, {user.pk: user for user in users}, framework, alert_readers())

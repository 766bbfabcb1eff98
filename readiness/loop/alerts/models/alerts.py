"""Alerts, what happened to each, and when alerting began."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from inventory.models import DomainChoices, Site
from inventory.models.constraints import choices_held
from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity, AlertStanding
from readiness.loop.problems.models import Problem
from web import following
from web.delivery.models import Channel
from web.scopes import among

KINDS = [
    (AlertKind.HEALTH.value, "Health of objects"),
    (AlertKind.SOURCE.value, "Silent source"),
    (AlertKind.CHECK.value, "Failing check"),
    (AlertKind.VERDICT.value, "Verdict dropped"),
    (AlertKind.MUSTER.value, "Muster itself"),
    (AlertKind.SHIFT.value, "Short shift"),
    (AlertKind.WAIVER.value, "Waiver ends"),
    (AlertKind.QUALIFICATION.value, "Qualification ends"),
    (AlertKind.OWNERSHIP.value, "Ownership due"),
    (AlertKind.EVIDENCE.value, "Evidence expires"),
    (AlertKind.CERTIFICATE.value, "TLS certificate ends"),
    (AlertKind.DUTY.value, "Duty is due"),
    (AlertKind.SURVEILLANCE.value, "Surveillance is due"),
    (AlertKind.CERTIFICATION.value, "Certificate of a site ends"),
    (AlertKind.REACH.value, "Nobody can be reached"),
    (AlertKind.INBOUND.value, "From another system"),
]
SEVERITIES = [(severity.value, severity.value.capitalize()) for severity in AlertSeverity]
STANDINGS = [(standing.value, standing.value.capitalize()) for standing in AlertStanding]


class EndedBy(models.TextChoices):
    """How an alert ended. Silence ends none."""

    EVIDENCE = "evidence", "Evidence shows that it is well"
    PERSON = "person", "A person ended it"
    OBJECT_GONE = "object-gone", "Its object left service"
    REGROUPED = "regrouped", "Another alert stands for its objects"
    RULE = "rule", "No rule asks for it any more"
    SENDER = "sender", "The other system says so"
    DATE_PASSED = "date-passed", "Its date has passed"


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> AlertQuerySet:
        return self.filter(ended_at=None)


@choices_held
class Alert(following.Followed):
    """One alert from its beginning to its end, which is final: if it comes again, that is another row.

    `key` identifies it while it is open: one for each problem, date, or alert of another system. `group` is common to
    alerts of one cause; `cause_key` is the key of the alert that it follows from, and `cause` that alert while it is
    open. `standing` is what `core.life.standing_of` says of it, `next_at` when the clock alone changes something: at
    once where the next run has something to tell. `escalating_since` is when its present escalation began, `level` how
    many times it has told somebody since. `turn` counts what there was to tell of the alert.
    """

    VISIBLE_WHERE = f"""{among("muster.sites", "alerts_alert.site_id")}
        OR alerts_alert.site_id IS NULL AND alerts_alert.kind = '{AlertKind.MUSTER.value}'"""

    key = models.CharField(max_length=400)
    kind = models.CharField(max_length=16, choices=KINDS)
    group = models.CharField(max_length=400)
    severity = models.CharField(max_length=8, choices=SEVERITIES)
    rank = models.PositiveSmallIntegerField(help_text="Of its severity, most severe first")
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="alerts", db_index=False, null=True, blank=True
    )
    domain = models.CharField(max_length=8, choices=DomainChoices, blank=True)
    check_id = models.CharField(max_length=64, blank=True)
    object = models.TextField(blank=True)
    problem = models.ForeignKey(
        Problem, on_delete=models.SET_NULL, related_name="alerts", null=True, blank=True
    )
    title = models.TextField()
    detail = models.TextField(blank=True)
    value = models.TextField(blank=True)
    limit = models.TextField(blank=True)
    url = models.TextField(blank=True, help_text="The page on which it is handled")
    kw = models.FloatField(default=0, help_text="Deployed at the site, kW")
    workloads = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, help_text="The date that it is about")
    began_at = models.DateTimeField(help_text="When it began, as far as the evidence says")
    worse_at = models.DateTimeField(null=True, blank=True, help_text="When it last became more severe")
    raised_at = models.DateTimeField(help_text="When Muster wrote it down")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=12, choices=EndedBy, blank=True)
    cause_key = models.CharField(max_length=400, blank=True)
    cause = models.ForeignKey("self", models.SET_NULL, related_name="children", null=True, blank=True)
    standing = models.CharField(max_length=12, choices=STANDINGS)
    standing_since = models.DateTimeField()
    standing_by = models.CharField(max_length=100, blank=True, help_text="The silence or window")
    next_at = models.DateTimeField(null=True, blank=True)
    escalating_since = models.DateTimeField(null=True, blank=True)
    level = models.PositiveIntegerField(default=0)
    turn = models.PositiveIntegerField(default=0)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True, blank=True
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_until = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, related_name="alerts", null=True, blank=True
    )
    incident_url = models.URLField(max_length=500, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["rank", "-kw", "began_at", "id"]
        default_permissions = ("view",)
        permissions = [("handle_alert", "Can acknowledge, assign and comment on alerts")]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(ended_at__isnull=True), name="alert_open_once"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by="") | Q(ended_at__isnull=False) & ~Q(ended_by=""),
                name="alert_end_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_until=None)
                | Q(acknowledged_at__isnull=False, acknowledged_until__gt=models.F("acknowledged_at")),
                name="alert_ack_has_end",
            ),
            models.CheckConstraint(
                condition=Q(standing=AlertStanding.OVER, ended_at__isnull=False)
                | ~Q(standing=AlertStanding.OVER) & Q(ended_at=None),
                name="alert_over_is_ended",
            ),
            models.CheckConstraint(
                condition=~Q(standing=AlertStanding.ESCALATING) | Q(escalating_since__isnull=False),
                name="alert_escalates_since",
            ),
        ]
        indexes = [
            *following.indexes("alert"),
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="alert_due"),
            models.Index(fields=["site", "-raised_at"], name="alert_of_site"),
            models.Index(fields=["group"], condition=Q(ended_at=None), name="alert_group"),
            models.Index(fields=["cause_key"], condition=Q(ended_at=None), name="alert_follows"),
        ]

    def __str__(self) -> str:
        return self.title


class AlertEvent(models.Model):
    """One thing that happened to an alert. `by` is None where Muster did it by rule or clock."""

    class Kind(models.TextChoices):
        RAISED = "raised", "Raised"
        WORSE = "worse", "Became more severe"
        BETTER = "better", "Became less severe"
        ESCALATED = "escalated", "Went to the next level"
        REPEATED = "repeated", "Last level told again"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        ACK_ENDED = "ack-ended", "Acknowledgement ended"
        SILENCED = "silenced", "Silenced"
        SILENCE_ENDED = "silence-ended", "Silence ended"
        MUTED = "muted", "Told with its cause"
        CAUSE_ENDED = "cause-ended", "No longer told with its cause"
        ASSIGNED = "assigned", "Assigned"
        COMMENTED = "commented", "Comment"
        LINKED = "linked", "Incident linked"
        LAST_RESORT = "last-resort", "Went to the last resort"
        ENDED = "ended", "Ended"

    VISIBLE_BY = ("alert",)
    WRITABLE_BY = ("alert",)

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=16, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True, blank=True)
    whom = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        help_text="Who it was assigned to",
    )
    text = models.TextField(blank=True, help_text="The comment, or what it was")
    until = models.DateTimeField(null=True, blank=True)
    level = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["alert", "at", "id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.alert_id}: {self.kind}"


class AlertingState(models.Model):
    """One row: how far problems and verdicts were read, when alerting first ran, and where alerts go that nobody
    takes."""

    HISTORY = True
    HISTORY_LEAVES_OUT = ("problems_position", "flips_position", "dates_read_at")
    VISIBLE_WHERE = "true"  # organisation-wide

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    began_at = models.DateTimeField(null=True, editable=False)
    problems_position = models.BigIntegerField(default=0, editable=False)
    flips_position = models.BigIntegerField(default=0, editable=False)
    dates_read_at = models.DateTimeField(null=True, editable=False)
    last_resort = models.ForeignKey(
        Channel, models.SET_NULL, related_name="+", null=True, blank=True, verbose_name="last resort"
    )

    class Meta:
        default_permissions = ("view", "change")
        verbose_name = "state of alerting"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="alerting_state_once")]

    def __str__(self) -> str:
        return f"alerting since {self.began_at}"

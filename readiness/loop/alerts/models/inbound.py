"""Other systems that tell Muster of their alerts: who sends, how labels are mapped, and what each alert stands at."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Q, When

from accounts.models import Token
from inventory.models import DomainChoices, Site
from inventory.models.constraints import choices_held
from readiness.loop.alerts.core.inbound.mapping import ConditionNotRead, read_conditions
from readiness.loop.alerts.models.alerts import SEVERITIES
from web.scopes import NOBODY, among


class SenderKind(models.TextChoices):
    """The program whose webhooks a sender sends; each has an address of its own."""

    ALERTMANAGER = "alertmanager", "Alertmanager"
    GRAFANA = "grafana", "Grafana"
    PAGERDUTY = "pagerduty", "PagerDuty"


@choices_held
class AlertSender(models.Model):
    """Another system that tells of its alerts. Its token lets it in; with a secret, each body has to be signed too.
    Those of PagerDuty always are.

    `secret` is encrypted (`web/delivery/secrets.py`): one secret a line, two while it is changed. With a site, the
    sender may tell of this site alone.
    """

    HISTORY = True
    HISTORY_LEAVES_OUT = ("secret", "last_taken_at", "last_refused_at", "last_refusal")

    name = models.CharField("name", max_length=100, unique=True, help_text="What people call this system.")
    kind = models.CharField("kind", max_length=12, choices=SenderKind)
    site = models.ForeignKey(
        Site,
        models.CASCADE,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="site",
        help_text="All its alerts are of this site. Leave it empty if labels name the site.",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="owner",
        help_text="Who answers for the system and its token",
    )
    token = models.OneToOneField(Token, models.PROTECT, related_name="alert_sender", editable=False)
    secret = models.BinaryField("secret", null=True, editable=False)
    paused = models.BooleanField("paused", default=False, help_text="What it sends is refused.")
    last_taken_at = models.DateTimeField("last message", null=True, editable=False)
    last_refused_at = models.DateTimeField("last refusal", null=True, editable=False)
    last_refusal = models.CharField("refused because", max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = "alert sender"
        verbose_name_plural = "alert senders"

    def __str__(self) -> str:
        return self.name


@choices_held
class InboundRule(models.Model):
    """A line of the mapping: what the labels of an alert say about its site, object and severity. The first rule in
    `place` whose conditions hold decides; what it leaves open follows from the usual labels."""

    HISTORY = True
    WRITABLE_WHERE = NOBODY  # A rule decides about the alerts of all sites.

    name = models.CharField("name", max_length=100, unique=True)
    place = models.PositiveIntegerField(
        "place", default=100, help_text="Rules are tried from the lowest place on."
    )
    sender = models.ForeignKey(
        AlertSender,
        models.CASCADE,
        related_name="rules",
        null=True,
        blank=True,
        verbose_name="sender",
        help_text="Leave it empty for a rule of all senders.",
    )
    conditions = models.TextField(
        "conditions",
        blank=True,
        help_text="One a line, all must hold: label=text or label!=text. * stands for any text.",
    )
    is_ignored = models.BooleanField(
        "leave out", default=False, help_text="Muster raises nothing for these alerts."
    )
    site = models.ForeignKey(
        Site, models.CASCADE, related_name="+", null=True, blank=True, verbose_name="site"
    )
    site_label = models.CharField(
        "site label", max_length=100, blank=True, help_text="The label whose value is a site's slug or name."
    )
    object_labels = models.CharField(
        "object labels",
        max_length=200,
        blank=True,
        help_text="Labels that name the object, best first, separated by commas.",
    )
    domain = models.CharField("domain", max_length=8, choices=DomainChoices, blank=True)
    check_id = models.CharField("check", max_length=64, blank=True)
    severity = models.CharField(
        "severity", max_length=8, choices=SEVERITIES, blank=True, help_text="Empty: as the labels say."
    )

    class Meta:
        ordering = ["place", "id"]
        verbose_name = "mapping rule"
        verbose_name_plural = "mapping rules"
        constraints = [
            models.CheckConstraint(
                condition=Q(site=None) | Q(site_label=""),
                name="inbound_rule_one_site",
                violation_error_message="Choose a site or name a label, not both.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            read_conditions(self.conditions)
        except ConditionNotRead as error:
            raise ValidationError({"conditions": str(error)}) from error


class InboundAlertQuerySet(models.QuerySet["InboundAlert"]):
    def open(self) -> InboundAlertQuerySet:
        return self.filter(is_open=True)

    def unmapped(self) -> InboundAlertQuerySet:
        """Open alerts that raise nothing, because no site is found."""
        return self.filter(is_open=True, is_ignored=False, site=None)

    def annotate_state_rank(self) -> InboundAlertQuerySet:
        """Add the place of the state among all: what is not mapped comes first, what is over last."""
        late = Q(late_at__isnull=False)
        return self.annotate(
            state_rank=Case(
                When(is_open=False, then=Case(When(late, then=2), default=4)),
                When(is_ignored=True, then=3),
                When(site=None, then=0),
                default=1,
                output_field=models.IntegerField(),
            )
        )


class InboundAlert(models.Model):
    """One alert of another system, by the name that the sender has for it: its present or last
    occurrence (`core/inbound/occurrences.py`). With a site it raises an alert, else `reason` says why it does not.

    `missing_since` is since when whole messages of its group leave it out: it is silenced there, or the message of its
    end was lost.
    """

    VISIBLE_WHERE = among("muster.sites", "alerts_inboundalert.site_id")

    sender = models.ForeignKey(AlertSender, models.CASCADE, related_name="alerts", verbose_name="sender")
    fingerprint = models.CharField(max_length=100)
    group = models.TextField(blank=True)
    labels = models.JSONField("labels", default=dict)
    title = models.TextField("title")
    detail = models.TextField("detail", blank=True)
    url = models.TextField(blank=True)
    site = models.ForeignKey(
        Site, models.CASCADE, related_name="+", null=True, blank=True, verbose_name="site"
    )
    rule = models.ForeignKey(
        InboundRule, models.SET_NULL, related_name="+", null=True, blank=True, verbose_name="rule"
    )
    is_ignored = models.BooleanField("left out", default=False)
    reason = models.CharField("why nothing is raised", max_length=300, blank=True)
    is_open = models.BooleanField("open")
    starts_at = models.DateTimeField("began at", help_text="By the sender's clock")
    over_from = models.DateTimeField(null=True)
    over_until = models.DateTimeField(null=True)
    late_at = models.DateTimeField("late since", null=True)
    heard_at = models.DateTimeField("last heard")
    missing_since = models.DateTimeField("not listed since", null=True)

    objects = InboundAlertQuerySet.as_manager()

    class Meta:
        ordering = ["-heard_at", "-id"]
        verbose_name = "alert of another system"
        verbose_name_plural = "alerts of other systems"
        default_permissions = ("view",)
        permissions = [("end_inboundalert", "Can end alerts of other systems")]
        constraints = [
            models.UniqueConstraint(fields=["sender", "fingerprint"], name="inbound_alert_once"),
            models.CheckConstraint(
                condition=Q(is_open=True) | Q(over_until__isnull=False), name="inbound_alert_is_over_since"
            ),
        ]
        indexes = [
            models.Index(fields=["heard_at"], condition=Q(is_open=False), name="inbound_alert_over"),
            models.Index(fields=["sender", "group"], condition=Q(is_open=True), name="inbound_alert_open"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def key(self) -> str:
        """The key of the alert that this raises. One process at a time writes keys with the same beginning."""
        return f"inbound-{self.sender_id}:{self.fingerprint}"

    @property
    def state(self) -> str:
        if not self.is_open:
            return "over" if self.late_at is None else "late"
        if self.is_ignored:
            return "left out"
        return "raised" if self.site_id else "not mapped"


class InboundWebhook(models.Model):
    """A webhook that was taken, by the id that is the same whenever PagerDuty sends it again."""

    VISIBLE_BY = ("sender",)
    WRITABLE_BY = ("sender",)

    sender = models.ForeignKey(AlertSender, models.CASCADE, related_name="webhooks")
    webhook_id = models.CharField(max_length=100)
    taken_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-taken_at", "-id"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["sender", "webhook_id"], name="inbound_webhook_once")]

    def __str__(self) -> str:
        return self.webhook_id

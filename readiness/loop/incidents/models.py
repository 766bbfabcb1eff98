"""Incidents, the alerts that belong to each, their timeline, affected workloads, and what should have caught them."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.fields import account_field
from inventory.models import DomainChoices, Site
from inventory.models.constraints import SameSite, SiteReference, choices_held
from readiness.demand.workloads.models import WorkloadClass
from readiness.loop.actions.models import Action
from readiness.loop.alerts.models import Alert
from readiness.loop.incidents.core.rules import IncidentSeverity, ReviewState
from readiness.organisation.people.models import Person

SEVERITIES = [
    (IncidentSeverity.ONE.value, "1: the site or a customer is down"),
    (IncidentSeverity.TWO.value, "2: much capacity is lost, or a customer is hit"),
    (IncidentSeverity.THREE.value, "3: some capacity is lost, no customer is hit"),
    (IncidentSeverity.FOUR.value, "4: redundancy or a margin is lost"),
]
REVIEW_STATES = [
    (ReviewState.REQUIRED.value, "Review required"),
    (ReviewState.SKIPPED.value, "No review needed"),
    (ReviewState.DONE.value, "Reviewed"),
]
# An alert belongs to an incident of its own site, and to none that is over. The incident is locked, so that its end
# and a joining alert come one after the other.
_JOINS_WHILE_OPEN = """
IF NOT EXISTS (
    SELECT FROM incidents_incident AS incident JOIN alerts_alert AS alert ON alert.id = NEW.alert_id
    WHERE incident.id = NEW.incident_id AND incident.ended_at IS NULL AND alert.site_id = incident.site_id
    FOR SHARE OF incident
) THEN RAISE EXCEPTION 'Nothing joins an incident that is over, or of another site.'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'incident_joined_while_open', TABLE = 'incidents_incidentalert';
END IF;
RETURN NEW;
"""


def _role(label: str, what: str) -> models.ForeignKey:
    return models.ForeignKey(
        Person,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=label,
        help_text=what,
    )


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open(self) -> IncidentQuerySet:
        return self.filter(ended_at=None)


@choices_held
class Incident(models.Model):
    """One incident of a site from its beginning to its end, which is final: what comes after it is another incident.

    `affected_kw` is the capacity that it took, `site_kw` what the site had deployed when it was opened. `repeats` is
    the earlier incident that it repeats. `review_state` follows from a rule once it is over (`core.rules`).
    """

    HISTORY = True
    VISIBLE_BY = ("site",)
    WRITABLE_BY = ("site",)

    class State(models.TextChoices):
        OPEN = "open", "Under way"
        OVER = "over", "Over"
        CLOSED = "closed", "Closed"

    site = models.ForeignKey(Site, models.CASCADE, related_name="incidents", verbose_name="site")
    title = models.CharField("title", max_length=200, help_text="What happened, in one line")
    severity = models.CharField("severity", max_length=1, choices=SEVERITIES, default=IncidentSeverity.THREE)
    domains = ArrayField(
        models.CharField(max_length=8, choices=DomainChoices),
        default=list,
        blank=True,
        verbose_name="domains",
    )
    summary = models.TextField(
        "summary", max_length=4000, blank=True, help_text="What is known of it so far, and whom it hits"
    )
    state = models.CharField("state", max_length=6, choices=State, default=State.OPEN, editable=False)
    began_at = models.DateTimeField("began at", help_text="When it began, as far as the evidence says")
    opened_at = models.DateTimeField("opened at", editable=False)
    opened_by = account_field("opened by")
    ended_at = models.DateTimeField("ended at", null=True, editable=False)
    closed_at = models.DateTimeField("closed at", null=True, editable=False)
    affected_kw = models.FloatField(
        "affected capacity", null=True, blank=True, help_text="kW that could not be used"
    )
    site_kw = models.FloatField(
        "deployed capacity", null=True, editable=False, help_text="kW deployed at the site when it was opened"
    )
    affected_accelerators = models.PositiveIntegerField(
        "affected accelerators", null=True, blank=True, help_text="How many could not be used"
    )
    workloads = models.ManyToManyField(
        WorkloadClass,
        through="IncidentWorkload",
        related_name="incidents",
        blank=True,
        verbose_name="affected workload classes",
    )
    lead = _role("lead", "Who decides what is done")
    communications = _role("communications", "Who tells customers and the house")
    scribe = _role("scribe", "Who writes the timeline")
    repeats = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="repeated_by", editable=False, verbose_name="repeats"
    )
    repeats_because = models.CharField(max_length=200, blank=True, editable=False)
    is_review_wanted = models.BooleanField(
        "review it in any case", default=False, help_text="Even if no rule asks for a review"
    )
    review_state = models.CharField(
        "review", max_length=8, choices=REVIEW_STATES, blank=True, default="", editable=False
    )
    review_reason = models.CharField(
        "why", max_length=200, blank=True, editable=False, help_text="The rule that says so"
    )
    review_due_on = models.DateField("review due", null=True, editable=False)
    reviewed_at = models.DateTimeField("reviewed at", null=True, editable=False)
    reviewed_by = account_field(null=True)
    cause = models.CharField(
        "root cause",
        max_length=200,
        blank=True,
        editable=False,
        help_text="In a few words; the same words at the next incident make that one a repeat",
    )
    cause_key = models.CharField(max_length=200, blank=True, editable=False)
    what_happened = models.TextField("what happened", max_length=8000, blank=True, editable=False)
    what_helped = models.TextField("what went well", max_length=4000, blank=True, editable=False)
    what_to_change = models.TextField("what is to change", max_length=4000, blank=True, editable=False)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = "incident"
        verbose_name_plural = "incidents"
        ordering = ["-began_at", "-id"]
        default_permissions = ("view", "add", "change")
        permissions = [("review_incident", "Can write the review of incidents")]
        indexes = [models.Index(fields=["site", "-began_at"], name="incident_of_site")]
        constraints = [
            models.CheckConstraint(
                condition=Q(title__regex=r"\S"),
                name="incident_has_title",
                violation_error_message="A title is required.",
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None, closed_at=None, review_state="")
                | Q(state="over", ended_at__isnull=False, closed_at=None) & ~Q(review_state="")
                | Q(state="closed", closed_at__gte=F("ended_at"), review_state__in=("done", "skipped")),
                name="incident_state_has_instants",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("began_at")),
                name="incident_ends_after_beginning",
                violation_error_message="It cannot end before it began.",
            ),
            models.CheckConstraint(
                condition=Q(
                    review_state="done",
                    reviewed_at__isnull=False,
                    reviewed_by__isnull=False,
                    cause__regex=r"\S",
                )
                | ~Q(review_state="done") & Q(reviewed_at=None, reviewed_by=None, cause="", cause_key=""),
                name="incident_review_has_cause",
            ),
            models.CheckConstraint(
                condition=Q(affected_kw=None) | Q(affected_kw__gte=0), name="incident_capacity_not_negative"
            ),
            models.CheckConstraint(
                condition=~Q(repeats=F("id")),
                name="incident_repeats_another",
            ),
            SiteReference(name="incident_site_reference"),
            SameSite(field="repeats", name="incident_repeats_at_site"),
        ]

    def __str__(self) -> str:
        return self.title


class IncidentAlert(models.Model):
    """An alert that belongs to an incident. `joined_by` is None where Muster found that it has the same cause."""

    VISIBLE_BY = ("incident",)
    WRITABLE_BY = ("incident",)

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="joined_alerts")
    alert = models.OneToOneField(Alert, models.CASCADE, related_name="joined_incident")
    joined_at = models.DateTimeField()
    joined_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True)

    class Meta:
        ordering = ["joined_at", "id"]
        default_permissions = ()
        triggers = [
            pgtrigger.Trigger(
                name="joins_while_open",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func=_JOINS_WHILE_OPEN,
            )
        ]

    def __str__(self) -> str:
        return f"alert {self.alert_id} in incident {self.incident_id}"


@choices_held
class IncidentEntry(models.Model):
    """One line of the timeline. `by` is None where Muster wrote it."""

    VISIBLE_BY = ("incident",)
    WRITABLE_BY = ("incident",)

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        JOINED = "joined", "Alert joined"
        NOTE = "note", "Note"
        CHANGED = "changed", "Changed"
        ENDED = "ended", "Over"
        REVIEWED = "reviewed", "Reviewed"
        ACTION = "action", "Action"
        CLOSED = "closed", "Closed"

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=8, choices=Kind)
    at = models.DateTimeField(help_text="When it happened")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True, blank=True)
    text = models.TextField(blank=True, max_length=2000)
    url = models.TextField(blank=True)

    class Meta:
        ordering = ["incident", "at", "id"]
        default_permissions = ()
        indexes = [models.Index(fields=["at"], name="incident_entry_at")]

    def __str__(self) -> str:
        return f"{self.incident_id}: {self.kind}"


class IncidentWorkload(models.Model):
    """A workload class that an incident hit."""

    HISTORY = True
    HISTORY_TITLE = ("workload_class",)
    VISIBLE_BY = ("incident",)
    WRITABLE_BY = ("incident",)

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="hit_workloads", db_index=False)
    workload_class = models.ForeignKey(WorkloadClass, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "affected workload class"
        verbose_name_plural = "affected workload classes"
        ordering = ["incident", "workload_class__name", "id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["incident", "workload_class"], name="incident_workload_once")
        ]

    def __str__(self) -> str:
        return f"{self.workload_class} in {self.incident}"


@choices_held
class IncidentEscape(models.Model):
    """Something that should have caught an incident before it hit, and why it did not."""

    HISTORY = True
    HISTORY_TITLE = ("name",)
    VISIBLE_BY = ("incident",)
    WRITABLE_BY = ("incident",)

    class Kind(models.TextChoices):
        CHECK = "check", "Check"
        THRESHOLD = "threshold", "Threshold"
        DRILL = "drill", "Drill"
        STANDARD = "standard", "Standard"
        ALERT = "alert", "Alert"

    class Why(models.TextChoices):
        MISSING = "missing", "There was none"
        LOOSE = "loose", "It was too loose"
        LATE = "late", "It came too late"
        UNHEARD = "unheard", "It spoke, and nobody acted"
        WAIVED = "waived", "It was waived or silenced"
        BLIND = "blind", "It had no data"

    incident = models.ForeignKey(
        Incident, models.CASCADE, related_name="escapes", verbose_name="incident", db_index=False
    )
    kind = models.CharField("kind", max_length=9, choices=Kind)
    name = models.CharField(
        "guard", max_length=150, help_text="The check, drill, standard or alert that should have caught it"
    )
    check_id = models.CharField(
        "check", max_length=64, blank=True, help_text="Of the framework; empty where there is none yet"
    )
    why = models.CharField("why it did not", max_length=8, choices=Why)
    detail = models.TextField("in a sentence or two", max_length=1000, blank=True)

    class Meta:
        verbose_name = "escape"
        verbose_name_plural = "escapes"
        ordering = ["incident", "kind", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "kind", "name"],
                name="incident_escape_once",
                violation_error_message="This is named already.",
            ),
            models.CheckConstraint(
                condition=Q(name__regex=r"\S"),
                name="incident_escape_has_name",
                violation_error_message="Name what should have caught it.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_why_display().lower()}"


class IncidentAction(models.Model):
    """An action after an incident; actions know nothing of incidents."""

    VISIBLE_BY = ("incident",)
    WRITABLE_BY = ("incident",)

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="action_links")
    action = models.OneToOneField(Action, models.CASCADE, related_name="incident_link")

    class Meta:
        ordering = ["incident", "id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.action} after {self.incident}"

"""Decisions about where a workload runs: the options, the forecasts, the approval, and the outcome."""

from datetime import datetime
from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from inventory.models.triggers import signed_once
from readiness.demand.workloads.models import WorkloadClass
from telemetry.models import SourceProvenance
from web.scopes import among


def refuse_if(condition: str, message: str, name: str, table: str) -> str:
    return (
        f"IF {condition} THEN RAISE EXCEPTION '{message}'"
        f" USING ERRCODE = 'check_violation', CONSTRAINT = '{name}', TABLE = '{table}'; END IF;"
    )


def changed(columns: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})"


USER = settings.AUTH_USER_MODEL

FROZEN = (
    *("site_id", "workload_slug", "workload_name", "previous_name", "demand", "weights", "what_if"),
    *("options", "sensitivity", "snapshot", "rationale", "decided_by_id", "decided_at", "due_on"),
)

_KEPT = refuse_if(
    # The subject of a decision may be deleted, but never replaced.
    f"{changed(FROZEN)}"
    " OR OLD.workload_id IS DISTINCT FROM NEW.workload_id AND NEW.workload_id IS NOT NULL"
    " OR OLD.previous_site_id IS DISTINCT FROM NEW.previous_site_id AND NEW.previous_site_id IS NOT NULL",
    "What was decided, and on what, stays as it was recorded.",
    "decision_is_frozen",
    "tradeoffs_decision",
)
_FOLLOWS = refuse_if(
    "OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (('recorded', 'approved'),"
    " ('recorded', 'rejected'), ('recorded', 'withdrawn'), ('approved', 'withdrawn'))",
    "A decision does not go back.",
    "decision_states_in_order",
    "tradeoffs_decision",
)
_REVIEWED_ONCE = refuse_if(
    "OLD.reviewed_at IS NOT NULL AND (OLD.reviewed_at, OLD.state) IS DISTINCT FROM (NEW.reviewed_at, NEW.state)",
    "A decision is reviewed once, and stays as it was then.",
    "decision_reviewed_once",
    "tradeoffs_decision",
)
_BEGINS = refuse_if(
    "NEW.state <> 'recorded' OR NEW.reviewed_at IS NOT NULL",
    "A decision begins as recorded.",
    "decision_begins_recorded",
    "tradeoffs_decision",
)


def _person(**options: Any) -> models.ForeignKey:
    return models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", editable=False, **options)


class DecisionQuerySet(models.QuerySet["Decision"]):
    def due(self, now: datetime) -> "DecisionQuerySet":
        return self.filter(state=Decision.State.APPROVED, reviewed_at=None, due_on__lte=now.date())


@choices_held
class Decision(models.Model):
    """One workload, the site chosen for it, and everything known about every site at that moment.

    `options` is every compared site in the placement's answer: figures, feasibility, reasons, rank and score.
    `snapshot` holds every factor behind them with age and provenance. Names are stored with the ids, so that a decision
    stays readable after a workload is deleted.
    """

    HISTORY = True
    HISTORY_TITLE = ("workload_name",)
    # Its figures compare all options, so readers must be allowed to see all of them.
    VISIBLE_WHERE = f"""{among("muster.sites", "tradeoffs_decision.site_id")}
        AND (tradeoffs_decision.previous_site_id IS NULL
            OR {among("muster.sites", "tradeoffs_decision.previous_site_id")})
        AND NOT EXISTS (SELECT FROM jsonb_array_elements(tradeoffs_decision.options) AS option
            WHERE NOT EXISTS (SELECT FROM inventory_site AS site WHERE site.slug = option ->> 'site'))"""

    class State(models.TextChoices):
        RECORDED = "recorded", "Waits for approval"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    workload = models.ForeignKey(
        WorkloadClass, on_delete=models.SET_NULL, related_name="decisions", null=True, verbose_name="workload"
    )
    workload_slug = models.SlugField(max_length=100, editable=False)
    workload_name = models.CharField(max_length=100, editable=False)
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="decisions", verbose_name="chosen site"
    )
    previous_site = models.ForeignKey(
        Site,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="site before",
        help_text="Where it ran when it was decided; empty: nowhere",
    )
    previous_name = models.CharField(max_length=100, blank=True, editable=False)
    state = models.CharField("state", max_length=10, choices=State, default=State.RECORDED, editable=False)
    rationale = models.TextField("rationale", max_length=4000, help_text="Why this site")
    demand = models.JSONField(
        "demand", default=dict, editable=False, help_text="What the envelope asked for when it was decided"
    )
    weights = models.JSONField("weights", default=dict)
    what_if = models.JSONField("what if", default=dict, blank=True)
    options = models.JSONField("options", default=list, editable=False)
    sensitivity = models.JSONField("sensitivity", default=dict, editable=False)
    snapshot = models.JSONField("snapshot", default=dict, editable=False)
    decided_by = _person()
    decided_at = models.DateTimeField("decided", editable=False)
    due_on = models.DateField("review on", help_text="What came until this day begins, in UTC, is compared")
    answered_by = _person(null=True, help_text="Who approved or rejected it: never who decided")
    answered_at = models.DateTimeField(null=True, editable=False)
    answer_note = models.TextField(max_length=2000, blank=True, editable=False)
    withdrawn_by = _person(null=True)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawal_note = models.TextField(max_length=2000, blank=True, editable=False)
    reviewed_at = models.DateTimeField(
        "reviewed", null=True, editable=False, help_text="When the outcome was recorded"
    )

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-decided_at", "-id"]
        default_permissions = ("view", "add")
        permissions = [("approve_decision", "Can approve and reject decisions of others")]
        indexes = [models.Index(fields=["state", "due_on"], name="decision_state_due")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(answered_by=F("decided_by")),
                name="decision_approver_is_another",
                violation_error_message="Nobody approves what they decided themselves.",
            ),
            models.CheckConstraint(
                condition=Q(rationale__regex=r"\S"),
                name="decision_has_rationale",
                violation_error_message="Enter a reason.",
            ),
            models.CheckConstraint(
                condition=Q(state="recorded", answered_by=None, answered_at=None)
                | Q(state__in=["approved", "rejected"], answered_by__isnull=False, answered_at__isnull=False)
                | Q(state="withdrawn", answered_by__isnull=False, answered_at__isnull=False)
                # Withdrawn before anybody answered.
                | Q(state="withdrawn", answered_by=None, answered_at=None),
                name="decision_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | Q(answer_note__regex=r"\S"),
                name="decision_rejected_with_reason",
                violation_error_message="Enter a reason.",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="withdrawn",
                    withdrawn_by__isnull=False,
                    withdrawn_at__isnull=False,
                    withdrawal_note__regex=r"\S",
                )
                | (~Q(state="withdrawn") & Q(withdrawn_by=None, withdrawn_at=None, withdrawal_note="")),
                name="decision_withdrawn_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at=None) | Q(state="approved"), name="decision_reviewed_if_approved"
            ),
            models.CheckConstraint(
                condition=Q(due_on__gt=F("decided_at__date")),
                name="decision_reviewed_later",
                violation_error_message="The review is after the day of the decision.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="begins_recorded",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=_BEGINS + " RETURN NEW;",
            ),
            pgtrigger.Trigger(
                name="stays_as_recorded",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=f"{_KEPT} {_FOLLOWS} {_REVIEWED_ONCE} RETURN NEW;",
            ),
            signed_once("tradeoffs_decision", "answered_by_id", "answered_at"),
        ]

    def __str__(self) -> str:
        return f"{self.workload_name} at {self.site}"

    def is_due(self, now: datetime) -> bool:
        return self.state == self.State.APPROVED and self.reviewed_at is None and self.due_on <= now.date()


def _written_once(name: str, table: str) -> pgtrigger.Trigger:
    func = refuse_if("TRUE", "What was written down stays as it is.", name, table)
    return pgtrigger.Trigger(
        name="written_once", operation=pgtrigger.Update, when=pgtrigger.Before, func=func + " RETURN NEW;"
    )


class StatedFigure(models.Model):
    """A figure as known at the time: without a value it is unknown, and the band may still bound it."""

    value = models.FloatField("value", null=True)
    low = models.FloatField("low", null=True)
    high = models.FloatField("high", null=True)
    provenance = models.CharField("provenance", max_length=16, choices=SourceProvenance, blank=True)
    as_of = models.DateTimeField("as of", null=True)
    source = models.CharField("source", max_length=500, blank=True)

    class Meta:
        abstract = True


def _band_in_order(name: str) -> models.CheckConstraint:
    def below(lower: str, upper: str) -> Q:
        missing = Q(**{f"{lower}__isnull": True}) | Q(**{f"{upper}__isnull": True})
        return missing | Q(**{f"{lower}__lte": F(upper)})

    return models.CheckConstraint(
        condition=below("low", "value") & below("value", "high") & below("low", "high"), name=name
    )


@choices_held
class DecisionForecast(StatedFigure):
    """The forecast of one objective at the chosen site, and its value at the previous site."""

    HISTORY = True
    HISTORY_TITLE = ("objective",)

    class Direction(models.TextChoices):
        MIN = "min", "Less is better"
        MAX = "max", "More is better"

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="forecasts", db_index=False)
    objective = models.CharField("objective", max_length=40)
    unit = models.CharField("unit", max_length=40, blank=True)
    direction = models.CharField("direction", max_length=3, choices=Direction, default=Direction.MIN)
    before = models.FloatField("before", null=True, help_text="At the site before; empty: unknown")

    class Meta:
        ordering = ["decision", "id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["decision", "objective"], name="forecast_once_an_objective"),
            _band_in_order("forecast_within_its_band"),
        ]
        triggers = [_written_once("forecast_is_frozen", "tradeoffs_decisionforecast")]

    def __str__(self) -> str:
        return f"{self.objective} of decision {self.decision_id}"


@choices_held
class DecisionOutcome(StatedFigure):
    """The outcome of a forecast, recorded at the review; `unknown` says why it has no value."""

    HISTORY = True

    forecast = models.OneToOneField(DecisionForecast, on_delete=models.CASCADE, related_name="outcome")
    unknown = models.CharField("why unknown", max_length=300, blank=True)

    class Meta:
        ordering = ["forecast"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(value__isnull=False, unknown="") | (Q(value=None) & ~Q(unknown="")),
                name="outcome_known_or_why_not",
            ),
            _band_in_order("outcome_within_its_band"),
        ]
        triggers = [_written_once("outcome_is_frozen", "tradeoffs_decisionoutcome")]

    def __str__(self) -> str:
        return f"What came of {self.forecast}"

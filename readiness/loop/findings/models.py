"""Findings, what happened to each, their actions, and the joint reviews that answer them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.fields import account_field
from inventory.models import DomainChoices
from inventory.models.constraints import choices_held
from readiness.loop.actions.models import Action, site_or_fleet
from readiness.tradeoffs.models import Decision
from readiness.tradeoffs.models.decisions import changed, refuse_if

FAILS_WITHIN = timedelta(days=90)
"""How long after it was closed a failure of its check opens a finding again."""


_FROZEN = ("subject_kind", "subject_key", "route", "raised_at")


def _differs(key: str) -> str:
    """The words of what was seen may name somebody who is erased; its figure stays."""
    return f"OLD.seen -> '{key}' IS DISTINCT FROM NEW.seen -> '{key}'"


class FindingQuerySet(models.QuerySet["Finding"]):
    def unsettled(self) -> FindingQuerySet:
        return self.filter(state__in=UNSETTLED)

    def unanswered(self, now: datetime) -> FindingQuerySet:
        return self.filter(waits_for_answer(now))


@choices_held
class Finding(models.Model):
    """Something that one side saw and the other side is to answer.

    `seen` is what was seen, frozen: title, address, value, unit, at. A finding closes when what it names in `closing`
    happens, and opens again when its check fails within FAILS_WITHIN. `check_id` is a name of the framework, which has
    no rows to refer to; the operation checks it.
    """

    HISTORY = True
    HISTORY_TITLE = ("title",)
    VISIBLE_BY = ("site",)

    class Subject(models.TextChoices):
        CHART = "chart", "Chart"
        CHECK = "check", "Check"
        DEVICE = "device", "Device"
        DECISION = "decision", "Decision"
        PLACEMENT = "placement", "Placement"
        INCIDENT = "incident", "Incident"
        PROBLEM = "problem", "Problem"
        PAGE = "page", "Page"

    class Route(models.TextChoices):
        TO_PLANNERS = "to-planners", "Operations to planners"
        TO_OPS = "to-ops", "Planners to operations"
        TO_FRAMEWORK = "to-framework", "To the framework’s owner"

    class State(models.TextChoices):
        RAISED = "raised", "Raised"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        DEFERRED = "deferred", "Deferred"
        CLOSED = "closed", "Closed"
        REOPENED = "reopened", "Opened again"

    class Closing(models.TextChoices):
        CHECK = "check", "A check passes at the site"
        DECISION = "decision", "The figure of a decision comes in"
        EVIDENCE = "evidence", "Evidence is attached"

    title = models.CharField("finding", max_length=200)
    text = models.TextField("what is wrong", max_length=4000)
    site = site_or_fleet("findings")
    route = models.CharField("route", max_length=12, choices=Route)
    subject_kind = models.CharField("about", max_length=10, choices=Subject)
    subject_key = models.CharField("key", max_length=200, blank=True, help_text="Of what it is about")
    seen = models.JSONField("seen", default=dict, blank=True, editable=False)
    state = models.CharField("state", max_length=10, choices=State, default=State.RAISED, editable=False)
    closing = models.CharField("closes when", max_length=10, choices=Closing)
    check_id = models.CharField("check", max_length=64, blank=True)
    decision = models.ForeignKey(
        Decision,
        models.SET_NULL,
        related_name="findings",
        null=True,
        blank=True,
        verbose_name="decision",
        help_text="That takes it up",
    )
    evidence = models.CharField(
        "evidence", max_length=500, blank=True, editable=False, help_text="Address, or where it is kept"
    )
    raised_by = account_field()
    raised_at = models.DateTimeField("raised", editable=False)
    due_on = models.DateField("answer due", editable=False, help_text="Until the end of this day, in UTC")
    first_answered_at = models.DateTimeField("first answered", null=True, editable=False)
    answered_by = account_field(null=True)
    answered_at = models.DateTimeField("answered", null=True, editable=False)
    reason = models.TextField("reason", max_length=2000, blank=True, editable=False)
    deferred_until = models.DateField("deferred until", null=True, editable=False)
    closed_at = models.DateTimeField("closed", null=True, editable=False)
    closed_because = models.CharField("closed because", max_length=300, blank=True, editable=False)
    reopened_at = models.DateTimeField("opened again", null=True, editable=False)
    actions = models.ManyToManyField(Action, through="FindingAction", related_name="findings")

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = "finding"
        verbose_name_plural = "findings"
        ordering = ["-raised_at", "-id"]
        default_permissions = ("view", "add")
        permissions = [
            ("answer_for_planning", "Can answer findings of operations for planning"),
            ("answer_for_operations", "Can answer findings of planners for operations"),
            ("answer_for_framework", "Can answer findings about checks for the framework’s owner"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(title__regex=r"\S") & Q(text__regex=r"\S"),
                name="finding_says_what",
                violation_error_message="Say what is wrong.",
            ),
            models.CheckConstraint(
                condition=Q(closing="check", site__isnull=False) & ~Q(check_id="")
                | Q(closing="evidence")
                # A deleted decision leaves a finding that only evidence or a person can close.
                | Q(closing="decision"),
                name="finding_closes_by_a_check_of_a_site",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) & ~Q(closed_because="")
                | ~Q(state="closed"),
                name="finding_closed_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="deferred", deferred_until__isnull=False)
                | ~Q(state="deferred") & Q(deferred_until=None),
                name="finding_deferred_until_a_day",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["raised", "reopened"])
                | Q(answered_at__isnull=False, first_answered_at__isnull=False),
                name="finding_is_answered_first",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["rejected", "deferred"]) | Q(reason__regex=r"\S"),
                name="finding_answered_with_reason",
                violation_error_message="Enter a reason.",
            ),
            models.CheckConstraint(
                condition=~Q(state="reopened") | Q(reopened_at__isnull=False),
                name="finding_opened_again_at_some_time",
            ),
        ]
        indexes = [
            models.Index(fields=["site", "-raised_at"], name="finding_of_site"),
            models.Index(fields=["subject_kind", "subject_key"], name="finding_about"),
            models.Index(
                fields=["site", "check_id"], condition=Q(closing="check"), name="finding_closed_by_check"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="seen_is_frozen",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=refuse_if(
                    changed(_FROZEN) + "".join(f" OR {_differs(key)}" for key in ("value", "unit", "at")),
                    "What was seen stays as it was.",
                    "finding_seen_is_frozen",
                    "findings_finding",
                )
                + " RETURN NEW;",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_settled(self) -> bool:
        return self.state not in UNSETTLED


UNSETTLED = (
    Finding.State.RAISED,
    Finding.State.ACCEPTED,
    Finding.State.DEFERRED,
    Finding.State.REOPENED,
)
OVER = (Decision.State.WITHDRAWN, Decision.State.REJECTED)
"""States of decisions of which no figure comes in."""
WAITING = (Finding.State.RAISED, Finding.State.REOPENED)


def waits_for_answer(now: datetime) -> Q:
    """A condition for the findings that nobody has answered, and those whose deferral is over."""
    is_over = Q(state=Finding.State.DEFERRED, deferred_until__lte=now.date())
    return Q(state__in=WAITING) | is_over


@choices_held
class FindingEvent(models.Model):
    """One thing that happened to a finding, or was said of it. `by` is None where Muster did it."""

    VISIBLE_BY = ("finding",)
    WRITABLE_BY = ("finding",)

    class Kind(models.TextChoices):
        RAISED = "raised", "Raised"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        DEFERRED = "deferred", "Deferred"
        COMMENTED = "commented", "Comment"
        CITED = "cited", "Taken up by a decision"
        EVIDENCE = "evidence", "Evidence attached"
        ACTION = "action", "Action added"
        CLOSED = "closed", "Closed"
        REOPENED = "reopened", "Opened again"

    finding = models.ForeignKey(Finding, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    by = account_field(null=True)
    text = models.TextField(max_length=2000, blank=True)

    class Meta:
        ordering = ["finding", "at", "id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.finding_id}: {self.kind}"


class FindingAction(models.Model):
    """An action that a finding led to."""

    HISTORY = True
    VISIBLE_BY = ("finding",)
    WRITABLE_BY = ("finding",)

    finding = models.ForeignKey(Finding, models.CASCADE, related_name="action_links")
    action = models.OneToOneField(Action, models.CASCADE, related_name="finding_link")

    class Meta:
        ordering = ["finding", "id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.finding_id}: {self.action_id}"


@choices_held
class JointReview(models.Model):
    """Operations and planning look at what is open, and decide. Without a site it is about the whole fleet.

    What it was about, and how each finding stood when it was held, stays in its items.
    """

    HISTORY = True
    VISIBLE_BY = ("site",)

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        HELD = "held", "Held"
        CANCELLED = "cancelled", "Cancelled"

    name = models.CharField("name", max_length=120)
    site = site_or_fleet("joint_reviews")
    planned_on = models.DateField("planned for")
    state = models.CharField("state", max_length=10, choices=State, default=State.PLANNED, editable=False)
    domains = ArrayField(
        models.CharField(max_length=8, choices=DomainChoices),
        default=list,
        blank=True,
        verbose_name="domains that took part",
    )
    had_operations = models.BooleanField("operations took part", default=False)
    had_planning = models.BooleanField("planning took part", default=False)
    record = models.TextField("record", max_length=8000, blank=True)
    opened_by = account_field()
    opened_at = models.DateTimeField("opened", editable=False)
    ended_by = account_field(null=True)
    ended_at = models.DateTimeField("ended", null=True, editable=False)

    class Meta:
        verbose_name = "joint review"
        verbose_name_plural = "joint reviews"
        ordering = ["-planned_on", "-id"]
        default_permissions = ("view", "add", "change")
        constraints = [
            models.CheckConstraint(
                condition=Q(name__regex=r"\S"),
                name="joint_review_has_name",
                violation_error_message="A name is required.",
            ),
            models.CheckConstraint(
                condition=Q(state="planned", ended_at=None) | ~Q(state="planned") & Q(ended_at__isnull=False),
                name="joint_review_ended_at_some_time",
            ),
            models.CheckConstraint(
                condition=Q(state="planned") | Q(record__regex=r"\S"),
                name="joint_review_ended_with_record",
                violation_error_message="Write what was decided.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_complete(self) -> bool:
        """Whether both sides and all domains took part."""
        has_all_domains = set(self.domains) == set(DomainChoices.values)
        return self.had_operations and self.had_planning and has_all_domains


class JointReviewItem(models.Model):
    """A finding on the agenda. `state` and `reason` are those when the review was held; empty before."""

    HISTORY = True
    VISIBLE_BY = ("review", "finding")
    WRITABLE_BY = ("review",)

    review = models.ForeignKey(JointReview, models.CASCADE, related_name="items", db_index=False)
    finding = models.ForeignKey(Finding, models.CASCADE, related_name="review_items")
    state = models.CharField(max_length=10, blank=True, editable=False)
    reason = models.TextField(max_length=2000, blank=True, editable=False)

    class Meta:
        ordering = ["review", "id"]
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["review", "finding"], name="joint_review_item_once")]

    def __str__(self) -> str:
        return f"{self.finding_id} in {self.review_id}"

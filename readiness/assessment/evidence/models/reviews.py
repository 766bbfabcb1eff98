"""Go-live reviews with their signatures and actions, which prove p4-golive-review."""

from datetime import date
from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from readiness.assessment.framework.models import FrameworkVersion

USER = settings.AUTH_USER_MODEL


class SigningDomain(models.TextChoices):
    """The domains of p4-golive-review: the three of the inventory, and two that concern all of them."""

    COMPUTE = "compute", "Compute"
    NETWORK = "network", "Network"
    ENERGY = "energy", "Energy"
    SECURITY = "security", "Security"
    PLANNING = "planning", "Planning"


def _refuse(unless: str, message: str, name: str) -> str:
    return (
        f"IF NOT ({unless}) THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation',"
        f" CONSTRAINT = '{name}', TABLE = 'evidence_review'; END IF;"
    )


def _trigger(operation: Any, name: str, *refusals: str, **options: Any) -> pgtrigger.Trigger:
    func = " ".join((*refusals, "RETURN NEW;"))
    return pgtrigger.Trigger(name=name, operation=operation, when=pgtrigger.Before, func=func, **options)


@choices_held
class Review(models.Model):
    HISTORY = True

    class State(models.TextChoices):
        OPEN = "open", "Open"
        GO = "go", "Go"
        NO_GO = "no-go", "No-go"
        CANCELLED = "cancelled", "Cancelled"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="reviews")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN, editable=False)
    note = models.TextField(max_length=2000, blank=True)
    opened_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", editable=False)
    opened_at = models.DateTimeField(editable=False)
    ended_by = models.ForeignKey(
        USER,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        help_text="Who decided or cancelled it",
    )
    ended_at = models.DateTimeField(null=True, editable=False)
    end_note = models.TextField(max_length=2000, blank=True, editable=False)
    snapshot = models.JSONField(
        null=True, editable=False, help_text="BLOCK checks and exceptions as they stood at the decision"
    )
    framework_version = models.ForeignKey(
        FrameworkVersion, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )

    class Meta:
        verbose_name = "go-live review"
        ordering = ["-opened_at", "-id"]
        default_permissions = ("view", "add", "change")
        permissions = [("decide_review", "Can decide go-live reviews")]
        constraints = [
            models.UniqueConstraint(
                fields=["site"],
                condition=Q(state="open"),
                name="review_one_open_at_site",
                violation_error_message="The site has an open review already.",
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_by=None, ended_at=None, end_note="")
                | (~Q(state="open") & Q(ended_by__isnull=False, ended_at__isnull=False)),
                name="review_ended_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "go"]) | Q(end_note__regex=r"\S"),
                name="review_no_with_reason",
                violation_error_message="Enter a reason.",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["go", "no-go"], snapshot__isnull=False, framework_version__isnull=False
                )
                | Q(state__in=["open", "cancelled"], snapshot__isnull=True, framework_version=None),
                name="review_decided_with_snapshot",
            ),
        ]
        triggers = [
            _trigger(
                pgtrigger.Insert,
                "begins_open",
                _refuse("NEW.state = 'open'", "A review begins open.", "review_begins_open"),
            ),
            _trigger(
                pgtrigger.Update,
                "ends_once",
                _refuse("OLD.state = 'open'", "A review that ended stays as it is.", "review_is_final"),
            ),
            _trigger(
                pgtrigger.Update,
                "go_is_signed",
                _refuse(
                    "(SELECT count(*) FROM evidence_signoff WHERE review_id = NEW.id AND state = 'signed') = 5",
                    "A go needs the signatures of all five domains.",
                    "review_go_is_signed",
                ),
                _refuse(
                    "NOT EXISTS (SELECT 1 FROM evidence_reviewaction WHERE review_id = NEW.id"
                    " AND closed_at IS NULL AND (critical OR due_on IS NULL))",
                    "A go leaves no action open that is critical or has no date.",
                    "review_go_without_open_actions",
                ),
                condition=pgtrigger.Q(new__state="go"),
            ),
        ]

    def __str__(self) -> str:
        return f"Go-live review #{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


_WHILE_OPEN = (
    "PERFORM 1 FROM evidence_review WHERE id = NEW.review_id AND state = 'open' FOR SHARE; "
    "IF NOT FOUND THEN RAISE EXCEPTION 'The review has ended.' USING ERRCODE = 'check_violation',"
    " CONSTRAINT = 'signoff_while_open', TABLE = 'evidence_signoff'; END IF; RETURN NEW;"
)


@choices_held
class SignOff(models.Model):
    """One domain's answer in a review. Only the `approver` may answer."""

    HISTORY = True
    HISTORY_TITLE = ("domain",)

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SIGNED = "signed", "Signed"
        DECLINED = "declined", "Declined"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="sign_offs", db_index=False)
    domain = models.CharField(max_length=8, choices=SigningDomain)
    approver = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name="named"
    )
    named_by = models.ForeignKey(
        USER,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name="named by",
        help_text="Who named the person who signs",
    )
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    signed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", null=True, editable=False)
    answered_at = models.DateTimeField(null=True, editable=False)
    note = models.TextField(max_length=2000, blank=True)

    class Meta:
        verbose_name = "sign-off"
        ordering = ["review", "id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["review", "domain"], name="signoff_once_a_domain"),
            # Five domains mean five independent reviews; a person who signed twice would be one.
            models.UniqueConstraint(
                fields=["review", "approver"],
                name="signoff_one_domain_a_person",
                violation_error_message="Nobody signs for two domains of one review.",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", signed_by=None, answered_at=None, note="")
                | Q(state__in=["signed", "declined"], signed_by=F("approver"), answered_at__isnull=False),
                name="signoff_by_who_is_named",
                violation_error_message="Only the person who is named signs.",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | Q(note__regex=r"\S"),
                name="signoff_declined_with_reason",
                violation_error_message="Enter a reason.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="answered_while_open",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func=_WHILE_OPEN,
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_domain_display()}: {self.get_state_display()}"


@choices_held
class ReviewAction(models.Model):
    HISTORY = True
    HISTORY_TITLE = ("title",)

    PERSONAL = ("owner_name",)

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="actions")
    title = models.CharField("what", max_length=300)
    critical = models.BooleanField(default=False, help_text="No go while it is open")
    owner = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name="person"
    )
    owner_name = models.CharField(
        "or somebody else", max_length=120, blank=True, help_text="Who has no account here"
    )
    due_on = models.DateField("due", null=True, blank=True)
    opened_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", editable=False)
    opened_at = models.DateTimeField(editable=False)
    closed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    close_note = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        ordering = ["review", "-critical", "due_on", "id"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(title__regex=r"\S"),
                name="review_action_has_title",
                violation_error_message="Say what is to be done.",
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=False, owner_name="") | Q(owner=None, owner_name__regex=r"\S"),
                name="review_action_one_owner",
                violation_error_message="An action has one owner: a person, or somebody else.",
            ),
            models.CheckConstraint(
                condition=Q(closed_by=None, closed_at=None, close_note="")
                | Q(closed_by__isnull=False, closed_at__isnull=False),
                name="review_action_closed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def is_late(self, today: date) -> bool:
        return self.is_open and self.due_on is not None and self.due_on < today

"""Assignments of items to people, their confirmations and hand-over."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Least

from inventory.models import Site
from inventory.models.constraints import choices_held
from inventory.models.triggers import OWN_SITE, signed_once
from inventory.models.triggers import claims as claims_of
from readiness.organisation.ownership.core.standing import CONFIRM_EVERY, TermStanding, term_standing
from readiness.organisation.people.models import Person, Team
from web.ranges import TsTzRange
from web.units import day

SITES_OF_ASSIGNMENT = (
    "SELECT assignment.site_id FROM {rows} AS changed"
    " JOIN ownership_assignment AS assignment ON assignment.id = changed.assignment_id"
)
# An assignment changes how a site is judged.
claims = partial(claims_of, origin="record")


def condition_in_force(now: datetime, *, through: str = "") -> Q:
    """Accepted terms that have begun and not ended. `through` is the path to the assignment, such as "assignments__"
    from a site."""
    terms_of_beginning = {"confirmed_at__isnull": False, "answered_at__lte": now, "effective_at__lte": now}
    return Q(**{f"{through}{field}": value for field, value in terms_of_beginning.items()}) & (
        Q(**{f"{through}ended_at": None}) | Q(**{f"{through}ended_at__gt": now})
    )


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def only_in_force(self, now: datetime) -> AssignmentQuerySet:
        return self.filter(condition_in_force(now))

    def live(self, now: datetime) -> AssignmentQuerySet:
        """Proposals, and accepted terms that have not ended, including future ones."""
        proposed = Q(state=Assignment.State.PROPOSED)
        return self.filter(
            proposed | (Q(state=Assignment.State.ACCEPTED) & (Q(ended_at=None) | Q(ended_at__gt=now)))
        )


@choices_held
class Assignment(models.Model):
    """One person answers for one item of one site, from `effective_at` up to, but not including, `ended_at`.

    `confirmed_at` is the newest confirmation; the acceptance is the first. After a hand-over the end may be in the
    future.
    """

    HISTORY = True
    HISTORY_TITLE = ("item",)

    HISTORY_PERMISSION = "people.view_person"

    class Item(models.TextChoices):
        ORCHESTRATION = "orchestration", "Orchestration overall"
        COMPUTE_NETWORK = "compute-network", "Compute and network"
        NETWORK_ENERGY = "network-energy", "Network and energy"
        COMPUTE_ENERGY = "compute-energy", "Compute and energy"
        COMPUTE = "compute", "Compute"
        NETWORK = "network", "Network"
        ENERGY = "energy", "Energy"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        ENDED = "ended", "Ended"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="assignments", verbose_name="site")
    item = models.CharField("item", max_length=16, choices=Item)
    accountable = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="accountable_for", verbose_name="accountable"
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        related_name="accountable_for",
        verbose_name="team",
        help_text="In whose name the accountable person answers",
    )
    deputy = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,
        related_name="deputy_for",
        null=True,
        blank=True,
        verbose_name="deputy",
    )
    responsible = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        related_name="responsible_for",
        null=True,
        blank=True,
        verbose_name="responsible",
        help_text="The team that does the work; empty: the accountable person's",
    )
    decision_rights = models.TextField(
        "decision rights", max_length=2000, help_text="What the accountable person may decide alone"
    )
    escalation = models.TextField(
        "escalation route", max_length=1000, blank=True, help_text="Whom to call, in which order, how"
    )
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED, editable=False)
    effective_at = models.DateTimeField(
        "effective at", help_text="It begins then, or when it is accepted if that is later"
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    proposed_at = models.DateTimeField(editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        help_text="The user who accepted or declined, whoever the person is linked to later",
    )
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_as_deputy = models.BooleanField(
        default=False, editable=False, help_text="The deputy answered while the person was on leave"
    )
    answer_note = models.TextField(max_length=1000, blank=True, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    due_at = models.DateTimeField(
        null=True, editable=False, help_text="From this instant on the confirmation counts no longer"
    )
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )
    end_reason = models.TextField(max_length=1000, blank=True, editable=False)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = "assignment"
        verbose_name_plural = "assignments"
        ordering = ["-proposed_at", "-id"]
        default_permissions = ("view", "add")
        permissions = [("end_assignment", "Can end assignments and withdraw proposals")]
        triggers = [*claims(OWN_SITE), signed_once("ownership_assignment", "answered_by_id", "answered_at")]
        indexes = [
            models.Index(fields=["site", "item"], name="assignment_site_item"),
            models.Index(fields=["accountable"], name="assignment_accountable"),
        ]
        constraints = [
            ExclusionConstraint(
                name="assignment_one_accountable",
                expressions=[
                    ("site", RangeOperators.EQUAL),
                    ("item", RangeOperators.EQUAL),
                    # A term that ended before it began covers no time.
                    (TsTzRange(Least("effective_at", "ended_at"), "ended_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(confirmed_at__isnull=False),
                violation_error_message="Somebody is accountable for this item in that time.",
            ),
            models.UniqueConstraint(
                fields=["site", "item"],
                condition=Q(state="proposed"),
                name="assignment_one_proposal",
                violation_error_message="Somebody is asked for this item already.",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", answered_at=None, confirmed_at=None, ended_at=None)
                | Q(state="accepted", answered_at__isnull=False, confirmed_at__isnull=False)
                | Q(state="declined", answered_at__isnull=False, confirmed_at=None, ended_at=None)
                | Q(state="ended", ended_at__isnull=False),
                name="assignment_state_has_its_dates",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(answered_by__isnull=False),
                name="assignment_accepted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, due_at=None)
                | Q(due_at__isnull=False, due_at=F("confirmed_at") + CONFIRM_EVERY),
                name="assignment_due_after_confirmation",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, end_reason="")
                | Q(ended_at__isnull=False, ended_by__isnull=False, end_reason__regex=r"\S"),
                name="assignment_ended_by_somebody",
                violation_error_message="Say why it ends.",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | Q(answer_note__regex=r"\S"),
                name="assignment_declined_for_a_reason",
                violation_error_message="Enter a reason.",
            ),
            models.CheckConstraint(
                condition=Q(deputy=None) | ~Q(deputy=F("accountable")),
                name="assignment_deputy_is_another",
                violation_error_message="The deputy and the accountable person must be two people.",
            ),
            models.CheckConstraint(
                condition=Q(decision_rights__regex=r"\S"),
                name="assignment_has_rights",
                violation_error_message="Enter what the person may decide.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_item_display()} at {self.site}"

    def is_in_force(self, now: datetime) -> bool:
        has_begun = self.confirmed_at is not None and self.effective_at <= now
        return has_begun and (self.ended_at is None or self.ended_at > now)

    def standing_at(self, now: datetime) -> TermStanding:
        """Needs the person's user joined in."""
        person = self.accountable
        return term_standing(
            self.state,
            is_over=self.state == self.State.ACCEPTED and not self.is_live(now),
            is_due=self.due_at is not None and self.due_at <= now,
            is_unanswered=person.left_by(now) or person.user_id is None,
        )

    def is_live(self, now: datetime) -> bool:
        return self.state == self.State.PROPOSED or (
            self.state == self.State.ACCEPTED and (self.ended_at is None or self.ended_at > now)
        )


class Confirmation(models.Model):
    """The accountable person confirmed the item; the acceptance is the first confirmation."""

    HISTORY = True

    HISTORY_PERMISSION = "people.view_person"

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="confirmations")
    confirmed_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    as_deputy = models.BooleanField(
        default=False, help_text="The deputy confirmed it while the person was on leave"
    )

    class Meta:
        ordering = ["-confirmed_at", "-id"]
        default_permissions = ("view",)
        triggers = [
            *claims(SITES_OF_ASSIGNMENT),
            signed_once("ownership_confirmation", "by_id", "confirmed_at", "assignment_id"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "confirmed_at"], name="confirmation_once_an_instant"
            )
        ]

    def __str__(self) -> str:
        return f"{self.assignment}, confirmed {day(self.confirmed_at)}"


class HandoverStep(models.Model):
    """One line of the hand-over checklist."""

    HISTORY = True
    HISTORY_TITLE = ("text",)

    HISTORY_PERMISSION = "people.view_person"

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=200)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )

    class Meta:
        ordering = ["number", "id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["assignment", "number"], name="handover_step_one_number"),
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
                name="handover_step_done_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.text

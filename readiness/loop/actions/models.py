"""Actions, of whatever room: rooms above own a row that links theirs to an action, one to one."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q

from accounts.fields import account_field
from inventory.models import Site
from inventory.models.constraints import choices_held
from readiness.organisation.people.models import Person, Team


def site_or_fleet(related_name: str) -> models.ForeignKey:
    return models.ForeignKey(
        Site,
        models.CASCADE,
        related_name=related_name,
        null=True,
        blank=True,
        verbose_name="site",
        help_text="Empty: the whole fleet",
    )


class ActionQuerySet(models.QuerySet["Action"]):
    def overdue(self, today: date) -> ActionQuerySet:
        return self.filter(state=Action.State.OPEN, due_on__lt=today)

    def unseen(self) -> ActionQuerySet:
        """Done, and their effect has not been seen yet."""
        return self.filter(state=Action.State.DONE, observed_at=None)


@choices_held
class Action(models.Model):
    """Done says that somebody did it; `observed_at` is when its effect was seen.

    `check_id` is a name of the framework, which has no rows to refer to; the operation checks it.
    """

    HISTORY = True
    HISTORY_TITLE = ("title",)
    VISIBLE_BY = ("site",)

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        DROPPED = "dropped", "Dropped"

    class Effect(models.TextChoices):
        CHECK = "check", "A check passes at the site"
        EVIDENCE = "evidence", "Evidence is attached"
        NONE = "none", "Nothing to see, for a reason"

    title = models.CharField("action", max_length=200)
    site = site_or_fleet("actions")
    owner = models.ForeignKey(
        Person, models.PROTECT, related_name="actions", null=True, blank=True, verbose_name="owner"
    )
    team = models.ForeignKey(
        Team, models.PROTECT, related_name="actions", null=True, blank=True, verbose_name="team"
    )
    due_on = models.DateField(
        "due", null=True, blank=True, help_text="Until the end of this day, in UTC; empty: no date"
    )
    state = models.CharField("state", max_length=8, choices=State, default=State.OPEN, editable=False)
    note = models.TextField("note", max_length=2000, blank=True)
    effect = models.CharField(
        "effect", max_length=8, choices=Effect, help_text="What shows afterwards that it helped"
    )
    check_id = models.CharField("check", max_length=64, blank=True, help_text="That passes afterwards")
    effect_reason = models.CharField(
        "reason for no effect", max_length=300, blank=True, help_text="Why nothing shows that it helped"
    )
    evidence = models.CharField(
        "evidence", max_length=500, blank=True, editable=False, help_text="Address, or where it is kept"
    )
    observed_at = models.DateTimeField("effect seen", null=True, editable=False)
    added_by = account_field("added by", null=True)
    added_at = models.DateTimeField("added", editable=False)
    ended_by = account_field("ended by", null=True)
    ended_at = models.DateTimeField(
        "ended", null=True, editable=False, help_text="When it was done or dropped"
    )
    end_note = models.CharField("end note", max_length=500, blank=True, editable=False)

    objects = ActionQuerySet.as_manager()

    class Meta:
        verbose_name = "action"
        verbose_name_plural = "actions"
        ordering = ["due_on", "id"]
        default_permissions = ("view", "add", "change")
        constraints = [
            models.CheckConstraint(
                condition=Q(title__regex=r"\S"),
                name="action_has_title",
                violation_error_message="Say what is to be done.",
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None, end_note="")
                | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="action_ended_at_some_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="dropped") | Q(end_note__regex=r"\S"),
                name="action_dropped_with_reason",
                violation_error_message="Enter a reason.",
            ),
            models.CheckConstraint(
                condition=Q(effect="check", site__isnull=False) & ~Q(check_id="") & Q(effect_reason="")
                | Q(effect="evidence", check_id="", effect_reason="")
                | Q(effect="none", check_id="", effect_reason__regex=r"\S"),
                name="action_effect_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(observed_at=None) | Q(state="done"),
                name="action_effect_seen_once_done",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_on"], name="action_due"),
            models.Index(
                fields=["site", "check_id"],
                condition=Q(state="done", observed_at=None),
                name="action_unseen",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == Action.State.OPEN

    def is_overdue(self, today: date) -> bool:
        return self.is_open and self.due_on is not None and self.due_on < today

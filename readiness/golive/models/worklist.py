"""The worklist: work items, and plans that put many of them there."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from web.visibility import name_of

CURRENCY, MOST_COST = r"^[A-Z]{3}$", 1e12
LIVE = ("open", "in-progress")


class WorkItemQuerySet(models.QuerySet["WorkItem"]):
    def live(self) -> WorkItemQuerySet:
        return self.filter(status__in=LIVE)


@choices_held
class WorkItem(models.Model):
    """`check_id` is a name of the framework, which has no rows to refer to; the operation checks it.

    The owner is a user, or a name for somebody without an account.
    """

    HISTORY = True
    HISTORY_TITLE = ("check_id",)

    PERSONAL = ("owner_name",)

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        IN_PROGRESS = "in-progress", "In progress"
        DONE = "done", "Done"
        DROPPED = "dropped", "Dropped"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="work_items")
    check_id = models.CharField(max_length=64, verbose_name="check")
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    owner_name = models.CharField(
        max_length=100, blank=True, help_text="A person or team that is no user; not beside an owner"
    )
    due_on = models.DateField(null=True, blank=True, help_text="Until the end of this day at the site")
    note = models.TextField(max_length=2000, blank=True)
    cost = models.FloatField(
        null=True, blank=True, help_text="What it takes to resolve this check at this site"
    )
    currency = models.CharField(
        max_length=3,
        blank=True,
        validators=[RegexValidator(CURRENCY, "A currency has three capital letters, such as EUR.")],
        help_text="Three letters, such as EUR; nothing is converted",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, editable=False, help_text="When it was done or dropped")

    objects = WorkItemQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        permissions = [("progress_workitem", "Can set status and note of work items")]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "check_id"],
                condition=Q(status__in=LIVE),
                name="work_item_one_live",
                violation_error_message="This check is on the worklist for this site already.",
            ),
            models.CheckConstraint(
                condition=Q(owner=None) | Q(owner_name=""),
                name="work_item_one_owner",
                violation_error_message="The owner is a user or a name, not both.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=LIVE, closed_at=None)
                | (~Q(status__in=LIVE) & Q(closed_at__isnull=False)),
                name="work_item_closed_at_some_time",
            ),
            models.CheckConstraint(
                condition=Q(cost=None, currency="")
                | Q(cost__isnull=False, cost__range=(0, MOST_COST), currency__regex=CURRENCY),
                name="work_item_cost_has_currency",
                violation_error_message="A cost is 0 or more and needs a currency; without a cost there is none.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_id} at {self.site}"

    @property
    def owner_text(self) -> str:
        return name_of(self.owner or self.owner_name)


@choices_held
class WorkPlan(models.Model):
    """Work items that were put on the worklist together, so that they can be taken off it together."""

    HISTORY = True
    VISIBLE_WHERE = "false"  # of the whole fleet

    name = models.CharField("name", max_length=120)
    due_on = models.DateField("due", help_text="Until the end of this day at each site")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    added_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-added_at", "-id"]
        default_permissions = ("view", "add", "delete")
        constraints = [
            models.CheckConstraint(
                condition=Q(name__regex=r"\S"),
                name="work_plan_has_name",
                violation_error_message="A name is required.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class WorkPlanStep(models.Model):
    """A work item of a plan. `is_new`: the plan added it; of others it keeps the day and owner that they had before."""

    HISTORY = True
    PERSONAL = ("had_owner_name",)

    plan = models.ForeignKey(WorkPlan, on_delete=models.CASCADE, related_name="steps", db_index=False)
    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="plan_steps")
    is_new = models.BooleanField()
    had_due_on = models.DateField(null=True)
    had_owner_name = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["plan", "id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["plan", "item"], name="work_plan_step_once"),
            models.CheckConstraint(
                condition=Q(is_new=False) | Q(had_due_on=None, had_owner_name=""),
                name="work_plan_step_new_had_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} of {self.plan_id}"

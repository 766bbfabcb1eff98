"""One item of the worklist: a check to be resolved at a site."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from web.visibility import name_of

LIVE = ("open", "in-progress")


class WorkItemQuerySet(models.QuerySet["WorkItem"]):
    def live(self) -> WorkItemQuerySet:
        """Neither done nor dropped."""
        return self.filter(status__in=LIVE)


@choices_held
class WorkItem(models.Model):
    """`check_id` is a name of the framework's, which has no rows to refer to; the operation checks it.

    Whoever owns it is a user, or a name as long as they are none.
    """

    HISTORY = True

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
        ]

    def __str__(self) -> str:
        return f"{self.check_id} at {self.site}"

    @property
    def owner_text(self) -> str:
        """The owner's name, as the present reader may see it."""
        return name_of(self.owner or self.owner_name)

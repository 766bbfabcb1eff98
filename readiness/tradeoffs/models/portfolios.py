"""Portfolio runs as work for a worker: the question, the progress, and the result."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inventory.models.constraints import choices_held
from readiness.tradeoffs.models.decisions import changed, refuse_if

USER = settings.AUTH_USER_MODEL

_ASKED = ("asked_by_id", "asked_at", "inputs", "digest")
_KEPT = refuse_if(
    changed(_ASKED),
    "What was asked of a portfolio stays as it was asked.",
    "portfolio_is_frozen",
    "tradeoffs_portfoliorun",
)
_FOLLOWS = refuse_if(
    "OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (('queued', 'running'), ('queued', 'cancelled'),"
    " ('running', 'done'), ('running', 'cancelled'), ('running', 'failed'))",
    "A portfolio does not go back.",
    "portfolio_states_in_order",
    "tradeoffs_portfoliorun",
)
_ENDED = refuse_if(
    "OLD.state IN ('done', 'cancelled', 'failed') AND OLD.result IS DISTINCT FROM NEW.result",
    "What came of a portfolio stays as it was found.",
    "portfolio_result_is_frozen",
    "tradeoffs_portfoliorun",
)


class PortfolioRunQuerySet(models.QuerySet["PortfolioRun"]):
    def going_on(self) -> "PortfolioRunQuerySet":
        return self.filter(state__in=PortfolioRun.OPEN, cancel_asked_at=None)


@choices_held
# The history leaves out progress, which is a heartbeat, and the result, which is large and written once.
class PortfolioRun(models.Model):
    """`inputs` is the question, with every workload by slug; `result` is made by `portfolios.result` from the sweep.

    A cancelled run keeps the points found so far.
    """

    HISTORY = True
    HISTORY_LEAVES_OUT = ("result", "points_done", "progressed_at")
    VISIBLE_WHERE = "false"  # of the whole fleet
    ERASING_KEEPS = {"inputs": "A portfolio has a digest of what was asked."}

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    OPEN = (State.QUEUED, State.RUNNING)

    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", editable=False)
    asked_at = models.DateTimeField("asked", editable=False)
    inputs = models.JSONField("inputs", editable=False)
    digest = models.CharField(max_length=64, editable=False, help_text="Of the inputs")
    state = models.CharField("state", max_length=9, choices=State, default=State.QUEUED, editable=False)
    workloads_total = models.PositiveIntegerField("workloads", editable=False)
    points_total = models.PositiveIntegerField("points", editable=False)
    points_done = models.PositiveIntegerField("points found", default=0, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    progressed_at = models.DateTimeField(
        null=True, editable=False, help_text="Sign of life of whoever works on it"
    )
    cancel_asked_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )
    cancel_asked_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField("ended", null=True, editable=False)
    result = models.JSONField(null=True, editable=False)
    problem = models.TextField(max_length=500, blank=True, editable=False)

    objects = PortfolioRunQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-id"]
        default_permissions = ("view", "add")
        permissions = [("cancel_portfoliorun", "Can cancel portfolio runs")]
        constraints = [
            models.UniqueConstraint(
                fields=["digest"],
                condition=Q(state__in=["queued", "running"], cancel_asked_at=None),
                name="portfolio_open_once",
            ),
            models.CheckConstraint(
                condition=Q(points_total__gt=0, points_done__lte=F("points_total")),
                name="portfolio_points_in_range",
            ),
            models.CheckConstraint(
                condition=Q(state="queued", started_at=None, finished_at=None)
                | Q(state="running", started_at__isnull=False, finished_at=None)
                | Q(state__in=["done", "cancelled", "failed"], finished_at__isnull=False),
                name="portfolio_instants_of_state",
            ),
            models.CheckConstraint(
                condition=Q(state="done", result__isnull=False)
                | Q(state="cancelled")
                | Q(state__in=["queued", "running", "failed"], result__isnull=True),
                name="portfolio_result_of_state",
            ),
            models.CheckConstraint(
                condition=Q(cancel_asked_by=None, cancel_asked_at=None)
                | Q(cancel_asked_by__isnull=False, cancel_asked_at__isnull=False),
                name="portfolio_cancel_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | Q(cancel_asked_at__isnull=False),
                name="portfolio_cancelled_if_asked",
            ),
            models.CheckConstraint(
                condition=(Q(state="failed") & ~Q(problem="")) | (~Q(state="failed") & Q(problem="")),
                name="portfolio_failed_with_reason",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="stays_as_asked",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=f"{_KEPT} {_FOLLOWS} {_ENDED} RETURN NEW;",
            )
        ]

    def __str__(self) -> str:
        return f"Portfolio {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

"""Stored problems, one row for each; and which sites have to be looked at, because of a change or by the clock."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from inventory.models import Site
from inventory.models.constraints import choices_held
from readiness.loop.problems.core.problem import Identity
from readiness.loop.problems.core.states import ProblemEnd, ProblemKind, ProblemState
from web import following
from web.scopes import among

STATES = [(state.value, state.value.capitalize()) for state in ProblemState]
KINDS = [
    (ProblemKind.HEALTH.value, "Health of objects"),
    (ProblemKind.SOURCE.value, "Late or silent source"),
    (ProblemKind.CHECK.value, "Check"),
    (ProblemKind.OWNERSHIP.value, "Ownership"),
    (ProblemKind.DUTY.value, "Rest and hours of people"),
    (ProblemKind.INVENTORY.value, "Inventory"),
    (ProblemKind.INTAKE.value, "Intake of a source"),
    (ProblemKind.MUSTER.value, "Muster itself"),
    (ProblemKind.SHIFT.value, "Short shift"),
    (ProblemKind.MEASUREMENT.value, "Doubtful measurement"),
]
ENDS = [
    (ProblemEnd.SAMPLE.value, "Samples show that it is well"),
    (ProblemEnd.SOURCE.value, "The source sends as it should again"),
    (ProblemEnd.CHECK.value, "The check passes"),
    (ProblemEnd.OWNERSHIP.value, "Every item has an owner in time"),
    (ProblemEnd.DUTY.value, "Rest and hours keep the duty rules"),
    (ProblemEnd.INVENTORY.value, "Telemetry and the inventory agree"),
    (ProblemEnd.MUSTER.value, "Muster works as it should again"),
    (ProblemEnd.SHIFT.value, "Every shift of 14 days has enough qualified people"),
    (ProblemEnd.RULE.value, "The framework no longer asks for it"),
    (ProblemEnd.PERSON.value, "A person ended it"),
    (ProblemEnd.OBJECT_GONE.value, "Its object left service"),
    (ProblemEnd.REGROUPED.value, "Its objects are grouped in another way"),
]
_IS_ITS_OWN = Q(cause_kind=F("kind"), cause_key=F("key"))
_MAY_LACK_SITE = (ProblemKind.MUSTER.value, ProblemKind.INTAKE.value)


class ProblemQuerySet(models.QuerySet["Problem"]):
    def open(self) -> ProblemQuerySet:
        return self.filter(ended_at=None)

    def causes(self) -> ProblemQuerySet:
        return self.filter(is_cause=True)


@choices_held
class Problem(following.Followed):
    """One problem from its first sight to its end, which is final: if it comes again, that is another row.

    Site, `kind` and `key` identify it while it is open. A problem of Muster itself has no site, nor has one of a source
    that serves many; readers with scopes see the first of these only, since what a source of many sites does is no more
    theirs than its figures are. A health problem is of one object, or the cause of several objects
    that break the same rule, or of a domain. The columns `head_…` repeat those of its cause, to sort by.
    """

    VISIBLE_WHERE = f"""{among("muster.sites", "problems_problem.site_id")}
        OR problems_problem.site_id IS NULL AND problems_problem.kind = '{ProblemKind.MUSTER.value}'"""

    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="problems", db_index=False, null=True, blank=True
    )
    kind = models.CharField(max_length=16, choices=KINDS)
    key = models.CharField(max_length=300)
    subject = models.CharField(
        max_length=64, help_text="Domain, id of the source or device, check, queue, or part of Muster"
    )
    state = models.CharField(max_length=8, choices=STATES)
    is_last_known = models.BooleanField(
        default=False, help_text="Nothing is heard of it any more; it was so when the last sample came"
    )
    is_cause = models.BooleanField(default=True, help_text="It follows from no other problem")
    cause_kind = models.CharField(max_length=16, help_text="Of the problem that it follows from, or its own")
    cause_key = models.CharField(max_length=300)
    follow = models.PositiveIntegerField(default=0, help_text="Number of problems that follow from it")
    title = models.TextField()
    detail = models.TextField(blank=True)
    value = models.TextField(blank=True, help_text="In words, where it is not that of the first reason")
    limit = models.TextField(blank=True)
    reasons = models.JSONField(
        default=list, blank=True, help_text="Worst first, as the health of a domain has them"
    )
    metrics = ArrayField(models.TextField(), default=list, blank=True)
    object_kind = models.CharField(max_length=16, blank=True)
    object_id = models.BigIntegerField(null=True, blank=True)
    object = models.TextField(blank=True, help_text="Name of the object, or of the worst of several")
    objects_affected = models.PositiveIntegerField(default=0)
    check_id = models.CharField(max_length=64, blank=True)
    since = models.DateTimeField(
        null=True, blank=True, help_text="When it began, as far as the evidence says"
    )
    last_sample_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField(help_text="When Muster first wrote it down")
    last_seen_at = models.DateTimeField(
        help_text="When Muster last saw it; to the hour while nothing changes"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=16, choices=ENDS, blank=True)
    rank = models.PositiveSmallIntegerField(help_text="Of its state, worst first")
    head_rank = models.PositiveSmallIntegerField()
    head_title = models.TextField()
    head_since = models.DateTimeField(null=True, blank=True)

    objects = ProblemQuerySet.as_manager()

    class Meta:
        ordering = ["head_rank", "head_title", "site", "id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["site", "kind", "key"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="problem_open_once",
            ),
            models.CheckConstraint(
                condition=Q(site__isnull=False) & ~Q(kind=ProblemKind.MUSTER.value)
                | Q(site__isnull=True, kind__in=_MAY_LACK_SITE),
                name="problem_of_muster_has_no_site",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by="")
                | (Q(ended_at__isnull=False) & ~Q(ended_by="")),
                name="problem_end_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(is_cause=True) & _IS_ITS_OWN | Q(is_cause=False) & ~_IS_ITS_OWN,
                name="problem_cause_is_its_own",
            ),
        ]
        indexes = [
            *following.indexes("problem"),
            # All that ended at a site; few of all that ever was are open.
            models.Index(
                fields=["site", "-ended_at"],
                condition=Q(ended_at__isnull=False),
                name="problem_ended_at_site",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.kind} {self.key}"

    @property
    def identity(self) -> Identity:
        return Identity(ProblemKind(self.kind), self.key)

    @property
    def cause(self) -> Identity:
        return Identity(ProblemKind(self.cause_kind), self.cause_key)


class ProblemClaim(models.Model):
    """A claim row: something of which the site's problems follow has changed. Triggers leave one
    (`readiness/loop/problems/triggers.py`), and the worker takes them with SKIP LOCKED."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    claimed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.site_id} since {self.claimed_at}"


class SiteProblems(models.Model):
    """When the problems of a site were written, and when the clock alone may change them next."""

    site = models.OneToOneField(
        Site, on_delete=models.CASCADE, primary_key=True, related_name="problems_written"
    )
    written_at = models.DateTimeField()
    changes_at = models.DateTimeField(null=True)
    kw = models.FloatField(default=0, help_text="Deployed at the site, kW")

    class Meta:
        verbose_name_plural = "site problems"
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["changes_at"], condition=Q(changes_at__isnull=False), name="site_problems_changing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.site_id} at {self.written_at}"

"""Standards and their versions. At most one version of a standard is in force; one that is or was never changes."""

from __future__ import annotations

from datetime import datetime

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.lookups import Exact

from accounts.fields import account_field
from inventory.models import Region, Site
from inventory.models.constraints import choices_held
from inventory.models.triggers import CHANGED, EVERY_SITE_BUT_RETIRED, WRITTEN, claims
from readiness.organisation.people.models import Team

_EVERY_SITE = (
    "SELECT site.id FROM {rows} AS changed JOIN inventory_site AS site ON site.stage <> 'retired'"
    " AND EXISTS (SELECT FROM standards_standardversion AS version"
    " WHERE version.standard_id = changed.id AND version.status = 'published')"
)


@choices_held
class Standard(models.Model):
    """Something that is one way on purpose, with who answers for it and when it is looked at again."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    class Kind(models.TextChoices):
        INTERFACES = "interfaces", "Interfaces"
        SECURITY = "security", "Security policy"
        MONITORING = "monitoring", "Monitoring"
        BASELINE = "baseline", "Firmware and driver baseline"
        PROCEDURE = "procedure", "Procedure"

    class Topic(models.TextChoices):
        """A standard for several vendors must cover each of these."""

        MATRIX = "matrix", "Approved devices and firmware"
        QOS = "qos", "Quality of service"
        BALANCING = "balancing", "Load balancing"
        NAMING = "naming", "Naming"
        TESTING = "testing", "Test plan"

    name = models.CharField("name", max_length=100, unique=True)
    slug = models.SlugField("slug", max_length=100, unique=True)
    kind = models.CharField("kind", max_length=12, choices=Kind)
    purpose = models.CharField("purpose", max_length=300, blank=True, help_text="Why it is one way")
    topics = ArrayField(
        models.CharField(max_length=12, choices=Topic),
        default=list,
        blank=True,
        verbose_name="topics",
        help_text="Topics of a standard for several vendors that its document covers",
    )
    owner = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="owner",
        help_text="The team that answers for it",
    )
    review_on = models.DateField(
        "review by", null=True, blank=True, help_text="It is current until the end of this day"
    )
    document_url = models.URLField("document", max_length=300, blank=True, help_text="Where the text is kept")

    class Meta:
        verbose_name = "standard"
        verbose_name_plural = "standards"
        ordering = ["name", "id"]
        triggers = claims(_EVERY_SITE, *CHANGED, origin="record")

    def __str__(self) -> str:
        return self.name


class StandardVersionQuerySet(models.QuerySet["StandardVersion"]):
    def published_at_instant(self, now: datetime) -> StandardVersionQuerySet:
        """Published by then, and not yet retired then."""
        return self.filter(Q(retired_at=None) | Q(retired_at__gt=now), published_at__lte=now)


@choices_held
class StandardVersion(models.Model):
    """The rules of a standard, where they apply, and since when. `rules` are documents of `core/rules.py`."""

    HISTORY = True
    HISTORY_TITLE = ("standard", "version")
    VISIBLE_WHERE = "true"  # organisation-wide
    ERASING_KEEPS = {"*": "A version that is or was in force stays as it was published."}

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "In force"
        RETIRED = "retired", "Retired"

    standard = models.ForeignKey(
        Standard, models.PROTECT, related_name="versions", verbose_name="standard", db_index=False
    )
    version = models.CharField("version", max_length=30)
    status = models.CharField("status", max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    region = models.ForeignKey(
        Region,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="region",
        help_text="Where it applies, with the regions within; empty: everywhere",
    )
    profile = models.CharField(
        "profile",
        max_length=16,
        choices=Site.Profile,
        blank=True,
        help_text="Sites of this profile alone; empty: all",
    )
    rules = models.JSONField("rules", default=list)
    note = models.CharField("what changes", max_length=300, blank=True)
    created_at = models.DateTimeField("made at", editable=False)
    created_by = account_field(null=True)
    published_at = models.DateTimeField("in force since", null=True, editable=False)
    published_by = account_field(null=True)
    retired_at = models.DateTimeField("retired at", null=True, editable=False)

    objects = StandardVersionQuerySet.as_manager()

    class Meta:
        verbose_name = "version of a standard"
        verbose_name_plural = "versions of standards"
        ordering = ["standard__name", "-created_at", "-id"]
        permissions = [("publish_standardversion", "Can publish and retire versions of standards")]
        constraints = [
            models.UniqueConstraint(
                fields=["standard", "version"],
                name="standard_version_unique",
                violation_error_message="The standard has a version of this name.",
            ),
            models.UniqueConstraint(
                fields=["standard"], condition=Q(status="published"), name="standard_version_one_in_force"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", published_at=None, retired_at=None)
                | Q(status="published", published_at__isnull=False, retired_at=None)
                | Q(status="retired", published_at__isnull=False, retired_at__gte=F("published_at")),
                name="standard_version_dated",
            ),
            models.CheckConstraint(
                condition=Exact(
                    Func(F("rules"), function="jsonb_typeof", output_field=models.TextField()), Value("array")
                ),
                name="standard_version_rules_listed",
            ),
        ]
        triggers = [
            *claims(EVERY_SITE_BUT_RETIRED, *WRITTEN, origin="record"),
            pgtrigger.Protect(
                name="published_is_kept",
                operation=pgtrigger.Delete,
                condition=~pgtrigger.Q(old__status="draft"),
            ),
            pgtrigger.Protect(
                name="published_is_fixed",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__status="draft")
                & (
                    pgtrigger.Q(new__status="draft")
                    | pgtrigger.Q(old__rules__df=pgtrigger.F("new__rules"))
                    | pgtrigger.Q(old__version__df=pgtrigger.F("new__version"))
                    | pgtrigger.Q(old__region__df=pgtrigger.F("new__region"))
                    | pgtrigger.Q(old__profile__df=pgtrigger.F("new__profile"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.standard} {self.version}"

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

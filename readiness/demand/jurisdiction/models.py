"""Packs with their rules and groups; origins of data and bases on record.

The core decides cases. A pack that comes into force claims the affected sites; a published pack never changes.
"""

from datetime import date, datetime
from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject

from accounts.models import User
from inventory.models.constraints import choices_held
from inventory.models.triggers import EVERY_SITE_BUT_RETIRED, claims
from readiness.demand.workloads.core.countries import COUNTRIES
from readiness.demand.workloads.models import SITES_OF_CLASS_ROW
from web.versioned.models import (
    VERSION_KEEPS,
    DocumentVersion,
    VersionQuerySet,
    kept_as_published,
    one_in_force,
)

OF_PACK = "SELECT status FROM jurisdiction_rulepack WHERE id = {row}.pack_id"
OF_GROUP = (
    "SELECT status FROM jurisdiction_rulepack WHERE id ="
    " (SELECT pack_id FROM jurisdiction_countrygroup WHERE id = {row}.group_id)"
)


def _drafts_only(status_of: str) -> pgtrigger.Trigger:
    func = f"""
        IF TG_OP <> 'INSERT' AND ({status_of.format(row="OLD")}) <> 'draft'
            OR TG_OP <> 'DELETE' AND ({status_of.format(row="NEW")}) <> 'draft' THEN
            RAISE EXCEPTION 'Rules of a pack that is or was in force are not changed.'
                USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    """
    return pgtrigger.Trigger(
        name="drafts_only",
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        func=" ".join(func.split()),
    )


def _cited(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(instrument__regex=r"\S", article__regex=r"\S", source_url__regex=r"^https?://\S+$"),
        name=name,
        violation_error_message="A citation is an instrument, a place in it, and an address of the web.",
    )


def _names(**options: Any) -> ArrayField:
    return ArrayField(base_field=models.CharField(max_length=60), default=list, **options)


class RulePackQuerySet(VersionQuerySet):
    def select_people(self) -> Self:
        return (
            super().select_people().select_related("withdrawn_by").annotate(rule_count=models.Count("rules"))
        )


@choices_held
class RulePack(DocumentVersion):
    """One version of the rules. Rules and groups are rows, so that they can be listed, filtered and linked."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide
    STATE = "rule-pack"
    ERASING_KEEPS = dict.fromkeys(("title", "version", "categories", "bases"), VERSION_KEEPS)

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "In force"
        WITHDRAWN = "withdrawn", "Withdrawn"

    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT)
    note = models.TextField(max_length=2000, blank=True)
    as_of = models.DateField(help_text="Up to when the law is described")
    check_again_days = models.PositiveIntegerField(
        "check again after", help_text="Days after which a rule that nobody checked decides nothing any more"
    )
    categories = models.JSONField("kinds of data", default=list)
    bases = models.JSONField(default=list)
    published_because = models.TextField(max_length=2000, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )

    objects = RulePackQuerySet.as_manager()

    class Meta(DocumentVersion.Meta):
        permissions = [("publish_rulepack", "Can publish and withdraw rules of jurisdiction")]
        triggers = [
            *claims(EVERY_SITE_BUT_RETIRED, pgtrigger.Insert, pgtrigger.Update, origin="workload"),
            *kept_as_published("digest", "version", "as_of", "check_again_days", "categories", "bases"),
        ]
        constraints = [
            *one_in_force("one_published_rule_pack", "rule_pack_published_at_a_time"),
            models.CheckConstraint(
                condition=Q(status="withdrawn", withdrawn_at__isnull=False)
                | (~Q(status="withdrawn") & Q(withdrawn_at=None)),
                name="rule_pack_withdrawn_at_a_time",
            ),
            models.CheckConstraint(condition=Q(check_again_days__gte=1), name="rule_pack_checked_again"),
        ]

    def retire(self, *, by: User | None, now: datetime) -> None:
        self.status, self.withdrawn_at, self.withdrawn_by = self.Status.WITHDRAWN, now, by


@choices_held
class Rule(models.Model):
    """One provision in one pack. The same slug in another pack is the same rule at another time."""

    HISTORY = True
    HISTORY_TITLE = ("title",)
    VISIBLE_WHERE = "true"  # organisation-wide
    ERASING_KEEPS = {"*": VERSION_KEEPS}

    class Kind(models.TextChoices):
        RESIDENCY = "residency", "Residency"
        SOVEREIGNTY = "sovereignty", "Sovereignty"

    class Effect(models.TextChoices):
        ALLOWED = "allowed", "Allowed"
        NEEDS_BASIS = "needs-basis", "Needs a basis"
        FORBIDDEN = "forbidden", "Forbidden"

    pack = models.ForeignKey(RulePack, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField(default=0, help_text="Its place in the file")
    slug = models.SlugField(max_length=60)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=Kind)
    jurisdiction = models.CharField(max_length=100, help_text="Whose law it is")
    sector = models.CharField(max_length=100, blank=True)
    instrument = models.CharField(max_length=200)
    article = models.CharField(max_length=200)
    source_url = models.URLField("source", max_length=500)
    effect = models.CharField(max_length=16, choices=Effect)
    origins = _names()
    categories = _names(verbose_name="kinds of data")
    places = _names()
    places_except = _names(verbose_name="places left out", blank=True)
    bases = _names(blank=True)
    instead_of = _names(blank=True)
    in_force_from = models.DateField(null=True, blank=True)
    in_force_until = models.DateField(null=True, blank=True)
    checked_on = models.DateField(null=True, blank=True)
    note = models.TextField(max_length=2000, blank=True)

    class Meta:
        ordering = ["pack", "position", "slug"]
        triggers = [_drafts_only(OF_PACK)]
        constraints = [
            models.UniqueConstraint(fields=["pack", "slug"], name="rule_slug_unique"),
            _cited("rule_cited"),
            models.CheckConstraint(
                condition=Q(in_force_from=None)
                | Q(in_force_until=None)
                | Q(in_force_until__gte=F("in_force_from")),
                name="rule_ends_after_start",
                violation_error_message="It ends before it begins.",
            ),
            models.CheckConstraint(
                condition=Q(effect="needs-basis", bases__len__gt=0)
                | (~Q(effect="needs-basis") & Q(bases=[])),
                name="rule_bases_where_needed",
            ),
            models.CheckConstraint(
                condition=~Q(effect="forbidden") | Q(instead_of=[]), name="rule_that_forbids_stands_beside"
            ),
            models.CheckConstraint(
                condition=Q(origins__len__gt=0, categories__len__gt=0, places__len__gt=0),
                name="rule_covers_something",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CountryGroup(models.Model):
    """Countries that the rules of a pack name together."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide
    ERASING_KEEPS = {"*": VERSION_KEEPS}

    pack = models.ForeignKey(RulePack, on_delete=models.CASCADE, related_name="groups")
    position = models.PositiveIntegerField(default=0)
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    instrument = models.CharField(max_length=200)
    article = models.CharField(max_length=200)
    source_url = models.URLField(max_length=500)
    note = models.TextField(max_length=2000, blank=True)

    class Meta:
        ordering = ["pack", "position", "slug"]
        triggers = [_drafts_only(OF_PACK)]
        constraints = [
            models.UniqueConstraint(fields=["pack", "slug"], name="country_group_slug_unique"),
            _cited("country_group_cited"),
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """A country in a group from a day to a day, both included."""

    HISTORY = True
    HISTORY_TITLE = ("group", "country")
    VISIBLE_WHERE = "true"  # organisation-wide

    group = models.ForeignKey(CountryGroup, on_delete=models.CASCADE, related_name="members")
    position = models.PositiveIntegerField(default=0)
    country = models.CharField(max_length=2)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["group", "position", "id"]
        triggers = [_drafts_only(OF_GROUP)]
        constraints = [
            models.UniqueConstraint(fields=["group", "country", "since"], name="group_member_unique"),
            models.CheckConstraint(
                condition=Q(country__regex=r"^[A-Z]{2}$"), name="group_member_country_iso"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="group_member_leaves_after_joining"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} in {self.group}"


class DataOrigin(models.Model):
    """The data of a workload class is under the law of a country; there may be several."""

    HISTORY = True
    HISTORY_TITLE = ("workload_class", "country")
    VISIBLE_WHERE = "true"  # organisation-wide

    workload_class = models.ForeignKey(
        "workloads.WorkloadClass", on_delete=models.CASCADE, related_name="data_origins"
    )
    country = models.CharField(max_length=2, help_text="ISO 3166-1 alpha-2")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["workload_class__name", "country", "id"]
        triggers = claims(SITES_OF_CLASS_ROW, origin="workload")
        constraints = [
            models.UniqueConstraint(fields=["workload_class", "country"], name="data_origin_unique"),
            models.CheckConstraint(
                condition=Q(country__in=list(COUNTRIES)),
                name="data_origin_country_known",
                violation_error_message="No country has this code.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workload_class}: {COUNTRIES.get(self.country, self.country)}"


class HeldBasisQuerySet(models.QuerySet["HeldBasis"]):
    def holding_on(self, day: date) -> "HeldBasisQuerySet":
        """Bases held on a day; the last day counts."""
        return self.filter(Q(held_until=None) | Q(held_until__gte=day), held_from__lte=day)

    def annotate_names(self) -> "HeldBasisQuerySet":
        """Add the names of the pack in force for each basis; "" for an unknown one."""
        path = Value("$[*] ? (@.id == $id).name")
        name = Func(F("bases"), path, JSONObject(id=OuterRef("basis")), function="jsonb_path_query_first")
        text = Func(name, template="(%(expressions)s #>> '{}')", output_field=models.TextField())
        of_pack = RulePack.objects.published().annotate(basis_name=text).values("basis_name")
        return self.annotate(
            basis_name=Coalesce(Subquery(of_pack[:1]), Value(""), output_field=models.TextField())
        )


class HeldBasis(models.Model):
    """A legal basis on record for the data of a workload class, at one destination or at any.

    `basis` is its slug in packs: a basis that the pack in force lacks meets no rule.
    """

    HISTORY = True
    HISTORY_TITLE = ("workload_class", "basis")
    VISIBLE_WHERE = "true"  # organisation-wide

    workload_class = models.ForeignKey(
        "workloads.WorkloadClass", on_delete=models.CASCADE, related_name="held_bases"
    )
    basis = models.SlugField(max_length=60)
    destination = models.CharField(
        "destination", max_length=2, blank=True, help_text="A country's code; empty: wherever it goes"
    )
    held_from = models.DateField()
    held_until = models.DateField(null=True, blank=True)
    reference = models.CharField(
        "reference", max_length=500, help_text="Where it is written: a contract, a certificate, a file"
    )

    objects = HeldBasisQuerySet.as_manager()

    class Meta:
        ordering = ["workload_class__name", "basis", "id"]
        verbose_name = "basis on record"
        verbose_name_plural = "bases on record"
        triggers = claims(SITES_OF_CLASS_ROW, origin="workload")
        constraints = [
            models.CheckConstraint(
                condition=Q(held_until=None) | Q(held_until__gte=F("held_from")),
                name="held_basis_ends_after_start",
                violation_error_message="It ends before it begins.",
            ),
            models.CheckConstraint(condition=Q(reference__regex=r"\S"), name="held_basis_has_a_reference"),
            models.CheckConstraint(
                condition=Q(destination__in=["", *COUNTRIES]),
                name="held_basis_destination_known",
                violation_error_message="No country has this code.",
            ),
        ]

    def __str__(self) -> str:
        return f"{getattr(self, 'basis_name', '') or self.basis} for {self.workload_class}"

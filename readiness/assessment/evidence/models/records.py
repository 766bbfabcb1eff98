"""Records that people enter: attestations, facts, and limits of a site or a workload class from a day on."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from inventory.models import Site
from inventory.models.constraints import choices_held
from inventory.models.triggers import OWN_SITE, signed_once
from inventory.models.triggers import claims as claims_of
from readiness.assessment.evidence.core.confirming import ConfirmationState, confirmation_at
from readiness.assessment.framework.core.vocabulary import Change
from readiness.demand.workloads.models import WorkloadClass
from telemetry.models import SourceProvenance
from web.units import day

SITES_OF_PLATFORM = (
    "SELECT run.site_id FROM {rows} AS changed"
    " JOIN evidence_validationrun AS run ON lower(run.platform) = lower(changed.platform)"
)

SITES_OF_LIMIT = (
    "SELECT site_id FROM {rows} AS changed WHERE site_id IS NOT NULL"
    " UNION SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = changed.workload_class_id"
)

claims = partial(claims_of, origin="evidence")


def user_key(on_delete: Callable[..., Any], **options: Any) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete, null=True, blank=True, related_name="+", **options
    )


class Voidable(models.Model):
    """`basis` is the ground of the evidence when it was entered: a digest of the inventory by kind of change.

    `void_changes` are the kinds of change since then. Each sub-measure decides which of them matter, so a run may still
    count for one check and not for another.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="%(class)ss", db_index=False)
    basis = models.JSONField(default=dict, blank=True, editable=False)
    void_changes = ArrayField(
        models.CharField(
            max_length=32, choices=[(change.value, change.value.replace("-", " ")) for change in Change]
        ),
        verbose_name="voided by",
        default=list,
        blank=True,
        editable=False,
    )
    voided_at = models.DateTimeField(
        "voided", null=True, blank=True, editable=False, help_text="When the first change was made"
    )
    void_reason = models.TextField(
        "what changed", blank=True, editable=False, help_text="Which changes, and who made them"
    )
    voids = models.JSONField(
        "changes by kind",
        default=dict,
        blank=True,
        editable=False,
        help_text="By kind: when it was made and what it was",
    )
    recorded_at = models.DateTimeField(
        "entered", db_default=Now(), editable=False, help_text="When the database got it"
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True, void_changes=[])
                | (Q(voided_at__isnull=False) & ~Q(void_reason="") & ~Q(void_changes=[])),
                name="%(class)s_voided_with_reason",
            )
        ]

    @property
    def void_text(self) -> str:
        """The reason why it counts no more: withdrawn, contradicted or voided; empty if it counts."""
        if getattr(self, "withdrawn_at", None):
            return "withdrawn"
        if getattr(self, "mismatch", "") or getattr(self, "implausible", ""):
            return "proves nothing"
        if not self.void_changes:
            return ""
        return f"voided: {', '.join(self.void_changes).replace('-', ' ')}"


class Record(Voidable):
    check_id = models.CharField("check", max_length=64)
    part = models.CharField("sub-measure", max_length=64, blank=True)
    taken_on = models.DateField("day", help_text="The day it was true, in the site's zone")
    taken_at = models.DateTimeField(
        "taken",
        editable=False,
        help_text="The end of that day, or when it was entered if that is earlier",
    )
    by = user_key(models.PROTECT, verbose_name="entered by", editable=False)
    provenance = models.CharField(max_length=16, choices=SourceProvenance, default=SourceProvenance.DECLARED)

    class Meta:
        abstract = True


CONFIRMED = (
    *("confirmed_by_id", "confirmed_at", "by_id", "attester_id"),
    *("site_id", "check_id", "part", "value", "statement", "taken_on"),
)
"""Columns that stay as they were confirmed."""
CONFIRMED_BY_ANOTHER = [
    models.CheckConstraint(
        condition=~Q(attester=F("by")),
        name="attestation_attester_is_another",
        violation_error_message="You enter this yourself: leave the account empty, and a second person confirms it.",
    ),
    models.CheckConstraint(
        condition=Q(confirmed_by=None, confirmed_at=None)
        | (
            Q(confirmed_by__isnull=False, confirmed_at__isnull=False)
            & (Q(attester=None, by__isnull=False) | Q(attester__isnull=False, confirmed_by=F("attester")))
            & (Q(by=None) | ~Q(confirmed_by=F("by")))
        ),
        name="attestation_confirmed_by_another",
    ),
    models.CheckConstraint(
        condition=Q(rejected_by=None, rejected_at=None, rejection="")
        | (
            Q(rejected_by__isnull=False, rejected_at__isnull=False, rejection__regex=r"\S")
            & (Q(attester=None) | Q(rejected_by=F("attester")))
            & (Q(by=None) | ~Q(rejected_by=F("by")))
        ),
        name="attestation_rejected_by_another",
    ),
    models.CheckConstraint(
        condition=Q(confirmed_by=None)
        | Q(rejected_by=None)
        | Q(rejected_by=F("confirmed_by"), rejected_at__gte=F("confirmed_at")),
        name="attestation_taken_back_by_who_confirmed",
    ),
]


@choices_held
class Attestation(Record):
    """A statement by a named person. With a value it proves a sub-measure; without, it is only shown with the check. A
    statement about workload classes covers only these, and proves nothing about the whole site.

    `attester` is the account of the person named, if they have one: only they confirm it. Otherwise a second person
    confirms having seen the signed document. A rejection after a confirmation takes it back.
    """

    HISTORY = True
    HISTORY_TITLE = ("check_id", "part")
    HISTORY_VALUE = "value"

    PERSONAL = ("attested_by",)

    statement = models.TextField(max_length=2000)
    value = models.FloatField(null=True, blank=True, help_text="In the sub-measure's unit")
    attested_by = models.CharField(
        max_length=100, help_text="Who says so; empty: the name of the account that attests"
    )
    attester = user_key(
        models.PROTECT,
        verbose_name="account that attests",
        help_text="Of the person who says so; confirms it",
    )
    workload_classes = ArrayField(
        models.CharField(max_length=100),
        default=list,
        blank=True,
        help_text="Slugs of the classes that it is of; none: it is of the site as a whole",
    )
    valid_until = models.DateField(
        null=True, blank=True, help_text="The last day it holds; empty: the check's own validity"
    )
    link = models.URLField(max_length=500, blank=True)
    document = models.CharField(max_length=200, blank=True, help_text="Name, number and page of the document")
    confirmed_by = user_key(
        models.PROTECT,
        verbose_name="confirmed by",
        editable=False,
        help_text="The account named, or a second person; never who entered it",
    )
    confirmed_at = models.DateTimeField("confirmed", null=True, blank=True, editable=False)
    rejected_by = user_key(models.PROTECT, verbose_name="rejected by", editable=False)
    rejected_at = models.DateTimeField("rejected", null=True, blank=True, editable=False)
    rejection = models.TextField("reason of the rejection", max_length=2000, blank=True, editable=False)
    grace_until = models.DateTimeField(
        "counts unconfirmed until",
        null=True,
        blank=True,
        editable=False,
        help_text="Of those entered before Muster asked for confirmations",
    )

    class Meta:
        ordering = ["-taken_at", "-id"]
        permissions = [("confirm_attestation", "Can confirm attestations of people without an account")]
        indexes = [models.Index(fields=["site", "check_id", "-taken_at"], name="attestation_site_check")]
        constraints = [
            models.CheckConstraint(
                condition=Q(part="", value__isnull=True) | (~Q(part="") & Q(value__isnull=False)),
                name="attestation_value_of_a_part",
                violation_error_message="A value needs the sub-measure it is of, and a sub-measure needs a value.",
            ),
            models.CheckConstraint(
                condition=Q(workload_classes=[]) | ~Q(part=""),
                name="attestation_classes_of_a_part",
                violation_error_message="What is said of workload classes needs a sub-measure and its value.",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("taken_on")),
                name="attestation_ends_after_start",
                violation_error_message="It ends before it begins.",
            ),
            *CONFIRMED_BY_ANOTHER,
            *Voidable.Meta.constraints,
        ]
        triggers = [*claims(OWN_SITE), signed_once("evidence_attestation", *CONFIRMED)]

    def __str__(self) -> str:
        return f"{self.check_id} {self.part}".strip() + f", {day(self.taken_on)}"

    def confirmation_now(self, now: datetime) -> ConfirmationState:
        return confirmation_at(self.confirmed_at, self.rejected_at, now)


@choices_held
class RecordedFact(Record):
    """A dated value of a sub-measure with its source, until Muster measures it itself."""

    HISTORY = True
    HISTORY_TITLE = ("check_id", "part")
    HISTORY_VALUE = "value"
    HISTORY_FOLLOWS = ("site", "check_id", "part")

    value = models.FloatField(help_text="In the sub-measure's unit")
    source = models.CharField(max_length=200, help_text="Where the value comes from")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-taken_at", "-id"]
        constraints = [
            # One value a day; entering it again corrects it. The index also serves look-ups by site.
            models.UniqueConstraint(
                fields=["site", "check_id", "part", "taken_on"],
                name="fact_once_a_day",
                violation_error_message="There is a value of this day already; change that one.",
            ),
            models.CheckConstraint(condition=~Q(part=""), name="fact_of_a_part"),
            models.CheckConstraint(condition=~Q(source=""), name="fact_with_source"),
            *Voidable.Meta.constraints,
        ]
        triggers = claims(OWN_SITE)

    def __str__(self) -> str:
        return f"{self.check_id} {self.part}, {day(self.taken_on)}"


class DeclaredLimit(models.Model):
    """The limit of a check, where the framework leaves it to the site or the class.

    It holds from the start of its day, by the calendar of the judged site, until the next entry of the same limit; an
    evaluation of a past day uses the limit of that day.
    """

    HISTORY = True
    HISTORY_TITLE = ("limit_id", "workload_class")
    HISTORY_VALUE = "value"
    HISTORY_FOLLOWS = ("site", "workload_class", "limit_id")

    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, null=True, blank=True, related_name="declared_limits", db_index=False
    )
    workload_class = models.ForeignKey(
        WorkloadClass, on_delete=models.CASCADE, null=True, blank=True, related_name="declared_limits"
    )
    limit_id = models.CharField("limit", max_length=64, help_text="As the framework names it: pue-target")
    value = models.FloatField(null=True, blank=True, help_text="In the limit's unit")
    preset = models.CharField(
        max_length=64, blank=True, help_text="Id of a preset of the framework, in place of a value"
    )
    declared_on = models.DateField("in force from", help_text="The first day that it holds")
    source = models.CharField(max_length=200, help_text="Where the limit comes from")
    note = models.CharField(max_length=200, blank=True)
    by = user_key(models.SET_NULL, verbose_name="entered by", editable=False)

    class Meta:
        ordering = ["-declared_on", "limit_id", "id"]
        constraints = [
            # The index also serves look-ups by site.
            models.UniqueConstraint(
                fields=["site", "workload_class", "limit_id", "declared_on"],
                name="declared_limit_once_a_day",
                nulls_distinct=False,
                violation_error_message="This limit is declared from that day on already; remove that one first.",
            ),
            models.CheckConstraint(
                condition=Q(site__isnull=True, workload_class__isnull=False)
                | Q(site__isnull=False, workload_class__isnull=True),
                name="declared_limit_of_site_or_class",
                violation_error_message="A limit is declared for one site or for one workload class.",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) & ~Q(preset="") | Q(value__isnull=False, preset=""),
                name="declared_limit_value_or_preset",
                violation_error_message="Give a value or a preset, one of the two.",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="declared_limit_with_source"),
        ]
        triggers = claims_of(SITES_OF_LIMIT, origin="record")

    def __str__(self) -> str:
        name = getattr(self, "limit_name", "") or self.limit_id
        return f"{name}, {self.site or self.workload_class}, from {day(self.declared_on)}"

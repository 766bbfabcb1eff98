"""Stored verdicts: one result per site and check, one score per site, and a row for every change of state."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from inventory.models import Site
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.scoring.core.states import CHECK_STATES, TIERS, VERDICTS
from web import following

FAILURE_LENGTH = 300


class CheckResult(models.Model):
    """The present state of one check at one site.

    `parts` holds each judged sub-measure; the worst applicable one decides. All checks of a site are evaluated
    together, so the time of evaluation is that of the site's score; a row is only written when it changes.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="check_results")
    check_id = models.CharField(max_length=64)
    pillar = models.CharField(max_length=4)
    gate = models.CharField(max_length=8, help_text="BLOCK, COND or INFO, as it holds for this site")
    state = models.CharField(max_length=8, choices=CHECK_STATES)
    measured_state = models.CharField(
        max_length=8, choices=CHECK_STATES, help_text="The state under a waiver; else the same"
    )
    code = models.CharField(
        max_length=16, blank=True, help_text="Why, as a word for filters; the reason says it in full"
    )
    tier = models.CharField(
        "evidence",
        max_length=8,
        choices=TIERS,
        blank=True,
        help_text="Whether a measurement or a declaration decided; capped is declared where a measurement is asked for",
    )
    value = models.FloatField(null=True, blank=True)
    unit = models.CharField(max_length=16, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    threshold_text = models.CharField(max_length=100, blank=True)
    margin = models.FloatField(
        null=True, blank=True, help_text="Distance to the pass threshold in the unit; negative is outside"
    )
    reason = models.TextField(blank=True)
    evidence = models.JSONField(
        default=dict, blank=True, help_text="What was read: kind, source, provenance, object, link"
    )
    parts = models.JSONField(default=list, blank=True)
    taken_at = models.DateTimeField(
        null=True, blank=True, help_text="When the evidence was taken; its age counts from here"
    )
    expires_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the first of its runs, records and attestations goes stale; telemetry renews itself",
    )
    since = models.DateTimeField(help_text="When the present state began")
    first_bad_at = models.DateTimeField(
        null=True, blank=True, help_text="First evidence out of limits in this spell"
    )
    framework_version = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(
        max_length=32,
        blank=True,
        editable=False,
        help_text="Of what the last evaluation came to: one that comes to the same writes nothing",
    )

    class Meta:
        ordering = ["site", "check_id"]
        constraints = [models.UniqueConstraint(fields=["site", "check_id"], name="check_result_unique")]
        indexes = [
            # Includes the site, so that states are counted without reading the wide rows.
            models.Index(fields=["check_id", "state"], include=["site"], name="check_result_state_of_site"),
            models.Index(
                fields=["expires_at", "site"],
                condition=models.Q(expires_at__isnull=False),
                name="check_result_expiring",
            ),
            # Results that keep sites from being ready, without reading the wide rows.
            models.Index(
                fields=["site", "check_id"],
                condition=(
                    models.Q(gate__in=["BLOCK", "COND"]) & ~models.Q(state__in=["n-a", "pass", "warn"])
                )
                | models.Q(gate="BLOCK", tier="capped"),
                name="check_result_open",
            ),
            models.Index(
                fields=["site", "check_id"], condition=models.Q(tier="capped"), name="check_result_capped"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.check_id}: {self.state}"


class Scored(models.Model):
    """Columns that a site's present score and the point of a day share; scores are 0 to 1."""

    verdict = models.CharField(max_length=16, choices=VERDICTS, blank=True)
    first_blocker = models.CharField(max_length=64, blank=True)
    score = models.FloatField(null=True)
    score_upper = models.FloatField(null=True)
    coverage = models.FloatField(null=True, help_text="Share of applicable checks with fresh evidence")
    pillars = models.JSONField(default=dict)
    counts = models.JSONField(default=dict, help_text="Checks by state")
    evaluated_at = models.DateTimeField()
    framework_version = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


def _checks(help_text: str) -> ArrayField:
    return ArrayField(models.CharField(max_length=64), default=list, blank=True, help_text=help_text)


class SiteScoreQuerySet(models.QuerySet["SiteScore"]):
    def annotate_confirmed(self) -> "SiteScoreQuerySet":
        confirmed_verdict = models.When(failed_at=None, then=models.F("verdict"))
        return self.annotate(confirmed=models.Case(confirmed_verdict, default=models.Value("")))


class SiteScore(Scored):
    """The present verdict and scores of a site. `verdict` is empty for stages that have none."""

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="score")
    verdict_reason = models.TextField(blank=True)
    verdict_since = models.DateTimeField()
    deciding = _checks("Checks that hold the verdict where it is")
    excepted = _checks("BLOCK checks lifted by an exception")
    capped = _checks("BLOCK checks that are declared where a measurement is asked for")
    measurable = models.PositiveSmallIntegerField(
        default=0, help_text="BLOCK checks that apply here and ask for a measurement"
    )
    waived = models.FloatField(default=0, help_text="Share of weight that is waived")
    newest_sample_at = models.DateTimeField(
        null=True, help_text="Newest sample of any of its sources, as of the evaluation"
    )
    changes_at = models.DateTimeField(
        null=True, help_text="When it changes next without new data: evidence runs out, a grant ends"
    )
    records_token = models.BigIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="Another one whenever a claim said that what is on record of the site changed",
    )
    facts_token = models.BigIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="Another one whenever such a claim was about more than evidence",
    )
    failed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when it cannot be evaluated; the verdict is the last one and counts for nothing",
    )
    rules = models.PositiveSmallIntegerField(
        default=1,
        editable=False,
        help_text="Revision of Muster's own rules that decided it: readiness.assessment.evidence.core.rules",
    )
    failure = models.CharField(max_length=FAILURE_LENGTH, blank=True, help_text="Why it cannot be evaluated")

    objects = SiteScoreQuerySet.as_manager()

    class Meta:
        ordering = ["site"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(failed_at__isnull=True, failure="")
                | (models.Q(failed_at__isnull=False) & ~models.Q(failure="")),
                name="site_score_failure_has_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.site_id}: {self.verdict or 'no verdict'}"

    @property
    def confirmed_verdict(self) -> str:
        """The verdict, or "" while the site cannot be evaluated, because then nothing confirms it."""
        return "" if self.failed_at else self.verdict


class ScorePoint(Scored):
    """The last score of a site on a UTC day, for trends."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="score_points")
    on_date = models.DateField()

    class Meta:
        ordering = ["site", "on_date"]
        constraints = [models.UniqueConstraint(fields=["site", "on_date"], name="score_point_unique")]
        # All first blockers of a day without the wide rows: one chart reads a year of a thousand sites.
        indexes = [models.Index(fields=["on_date", "first_blocker", "site"], name="score_point_blockers")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.on_date}"


class ScoreInputs(models.Model):
    """The inputs that a site was scored from on a UTC day: evaluating them again at `evaluated_at` gives the day's
    score. `core.kept` encodes them as `content`. The separate table keeps reads of scores fast."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="score_inputs")
    on_date = models.DateField()
    evaluated_at = models.DateTimeField()
    framework_version = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="+")
    content = models.BinaryField()
    rules = models.PositiveSmallIntegerField(
        default=1, editable=False, help_text="Revision of Muster's own rules that they were gathered by"
    )

    class Meta:
        ordering = ["site", "on_date"]
        constraints = [models.UniqueConstraint(fields=["site", "on_date"], name="score_inputs_unique")]
        # Expired rows are found by date alone.
        indexes = [models.Index(fields=["on_date"], name="score_inputs_date")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.on_date}"


class Flip(following.Followed):
    """A change of state: of a check, one of its sub-measures, a site's verdict, or a domain's health."""

    class Subject(models.TextChoices):
        CHECK = "check", "Check"
        PART = "part", "Sub-measure"
        VERDICT = "verdict", "Verdict"
        HEALTH = "health", "Health"

    class Cause(models.TextChoices):
        DATA = "data", "Data"
        AGE = "evidence-age", "Evidence age"
        RULE = "rule", "Rule change"
        WAIVER = "waiver", "Waiver"
        APPLICABILITY = "applicability", "Applicability"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="flips")
    subject = models.CharField(max_length=8, choices=Subject)
    key = models.CharField(max_length=64, help_text="Check id, domain, or empty for the verdict", blank=True)
    part = models.CharField(max_length=64, blank=True, help_text="Sub-measure of the check")
    from_state = models.CharField(max_length=16, blank=True)
    to_state = models.CharField(max_length=16, blank=True)
    cause = models.CharField(max_length=16, choices=Cause)
    value = models.FloatField(null=True, blank=True, help_text="As it is after the flip")
    value_before = models.FloatField(
        null=True, blank=True, help_text="What the same metric of the same object read before"
    )
    unit = models.CharField(max_length=32, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    threshold_text = models.CharField(max_length=100, blank=True)
    reason = models.TextField(blank=True)
    first_bad_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField()
    framework_version = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["site", "-at"], name="flip_site_recent"),
            # An evaluation of the whole fleet writes its flips at one instant.
            models.Index(fields=["-at", "-id"], name="flip_newest"),
            # All verdicts are read for every site; they are few among the flips of checks.
            models.Index(fields=["site", "at"], condition=models.Q(subject="verdict"), name="flip_verdicts"),
            *following.indexes("flip"),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.subject} {self.key}: {self.from_state} -> {self.to_state}"

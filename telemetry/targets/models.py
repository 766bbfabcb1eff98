"""Scrape targets of sites, what their agents scrape among them, and the state of each."""

import re
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from telemetry.core.addresses import read_address
from telemetry.core.scrapes import LONGEST_INTERVAL, AbsenceCause, TargetJudgement, TargetStanding

# Ports go from 1 to 65535.
_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
ADDRESS = rf"^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:{_PORT})?$"
PATH = r"^/[!-~]*$"
_LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*=[^=,]+"
LABELS = rf"^{_LABEL}(, ?{_LABEL})*$"
# Made of the target itself.
OWN_LABELS = ("job", "instance")
MOST_LABELS = 30
# Together they fit into a row of the index that makes a target unique.
MOST_ADDRESS_CHARS, MOST_JOB_CHARS = 400, 100
SHORTEST_S, LONGEST_S = 1, int(LONGEST_INTERVAL.total_seconds())


def read_labels(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair]
    return {name.strip(): value.strip() for name, _, value in pairs}


def check_labels(text: str) -> None:
    """Raises ValidationError."""
    names = [pair.partition("=")[0].strip() for pair in text.split(",") if pair]
    if len(names) > MOST_LABELS:
        raise ValidationError(f"A target has at most {MOST_LABELS} labels.")
    if len(set(names)) < len(names):
        raise ValidationError("A label is named twice.")
    if reserved_names := [name for name in names if name in OWN_LABELS or name.startswith("__")]:
        raise ValidationError(f"{reserved_names[0]} is a label that the target gets by itself.")


@choices_held
class ScrapeTarget(models.Model):
    """An address that is scraped at a site. The labels `job` and `instance`, its address, find its `up`; a target whose
    `up` comes and that nobody entered appears by itself."""

    HISTORY = True

    class Scheme(models.TextChoices):
        HTTP = "http", "http"
        HTTPS = "https", "https"

    class Listing(models.TextChoices):
        AGENTS = "agents", "Muster's list for agents"
        ELSEWHERE = "elsewhere", "Elsewhere"
        OFF = "off", "Off"

    site = models.ForeignKey(
        Site, verbose_name="site", on_delete=models.CASCADE, related_name="scrape_targets"
    )
    address = models.CharField(
        "address",
        max_length=MOST_ADDRESS_CHARS,
        help_text="Host and port as the agent reaches them, such as gpu-01:9100; also the label instance.",
    )
    job = models.CharField(
        "job",
        max_length=MOST_JOB_CHARS,
        help_text="What kind of target it is, such as node; also the label job.",
    )
    listing = models.CharField(
        "listing",
        max_length=9,
        choices=Listing,
        default=Listing.AGENTS,
        help_text="Agents scrape what is on Muster's list. Elsewhere: the file of an agent, or a Prometheus, names it."
        " Off: nobody is to scrape it.",
    )
    scheme = models.CharField("scheme", max_length=5, choices=Scheme, default=Scheme.HTTP)
    path = models.CharField(
        "path",
        max_length=500,
        default="/metrics",
        validators=[RegexValidator(PATH, "Enter a path that begins with /.")],
    )
    interval_s = models.PositiveSmallIntegerField(
        "interval, s",
        default=15,
        validators=[MinValueValidator(SHORTEST_S), MaxValueValidator(LONGEST_S)],
        help_text="Seconds between two scrapes.",
    )
    labels = models.CharField(
        "labels",
        max_length=500,
        blank=True,
        validators=[RegexValidator(LABELS, "Enter labels as name=value, separated by commas."), check_labels],
        help_text="Further labels of its series: name=value, separated by commas.",
    )

    class Meta:
        verbose_name = "scrape target"
        verbose_name_plural = "scrape targets"
        ordering = ["site__name", "job", "address", "id"]
        constraints = [
            models.UniqueConstraint(fields=["site", "job", "address"], name="scrape_target_unique_in_site"),
            models.CheckConstraint(
                condition=~Q(listing="agents") | Q(address__regex=ADDRESS), name="scrape_target_address"
            ),
            models.CheckConstraint(condition=~Q(job="") & ~Q(address=""), name="scrape_target_has_key"),
            models.CheckConstraint(condition=Q(path__regex=PATH), name="scrape_target_path"),
            models.CheckConstraint(
                condition=Q(labels="") | Q(labels__regex=LABELS), name="scrape_target_labels"
            ),
            models.CheckConstraint(
                condition=Q(interval_s__range=(SHORTEST_S, LONGEST_S)), name="scrape_target_interval"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.address}"

    def clean(self) -> None:
        """Raises ValidationError where the agent would refuse the address, and with it the whole list. What others
        scrape may have any label `instance`, such as the address of a page."""
        if self.listing != self.Listing.AGENTS:
            return
        try:
            read_address(self.address, default_port=80)
        except ValueError:
            is_address = False
        else:
            is_address = re.fullmatch(ADDRESS, self.address) is not None
        if not is_address:
            raise ValidationError({"address": "Enter a host with its port, such as gpu-01:9100."})

    @property
    def state_if_heard(self) -> "TargetState | None":
        """None as long as no `up` ever came."""
        return getattr(self, "state", None)

    @property
    def present_standing(self) -> TargetStanding:
        """A target that is off and is not scraped is no bad news."""
        state = self.state_if_heard
        if state is not None and state.standing != TargetStanding.ABSENT:
            return TargetStanding(state.standing)
        return TargetStanding.OFF if self.listing == self.Listing.OFF else TargetStanding.ABSENT

    @property
    def standing_since(self) -> datetime | None:
        """None as long as no `up` ever came."""
        return None if self.state_if_heard is None else self.state_if_heard.since


@choices_held
class TargetState(models.Model):
    """The standing of a target by its `up`. The history of ScrapeTarget holds decisions, so it is not there."""

    VISIBLE_WHERE = "EXISTS (SELECT FROM telemetry_scrapetarget AS target WHERE target.id = target_id)"
    target = models.OneToOneField(
        ScrapeTarget, on_delete=models.CASCADE, primary_key=True, related_name="state"
    )
    standing = models.CharField(
        max_length=6, choices=[(each.value, each.value) for each in TargetStanding if each != "off"]
    )
    since = models.DateTimeField()
    down_since = models.DateTimeField(null=True, help_text="Kept while it is absent: only an up of 1 ends it")
    absence = models.CharField(
        max_length=6, blank=True, choices=[(each.value, each.value) for each in AbsenceCause]
    )
    series_up = models.PositiveIntegerField(default=0, help_text="Series that say up")
    series_down = models.PositiveIntegerField(default=0, help_text="Series that say down")
    interval_s = models.PositiveIntegerField(
        null=True, help_text="Seconds between two scrapes, by its samples; null until two came"
    )

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=~Q(standing="down") | Q(down_since__isnull=False), name="target_state_down_dated"
            ),
            models.CheckConstraint(
                condition=~Q(standing="up") | Q(down_since=None), name="target_state_up_ends_down"
            ),
            models.CheckConstraint(
                condition=Q(standing="absent", absence__gt="") | (~Q(standing="absent") & Q(absence="")),
                name="target_state_absence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target_id}: {self.standing} since {self.since}"

    @property
    def judgement(self) -> TargetJudgement:
        return TargetJudgement(
            TargetStanding(self.standing),
            self.since,
            self.down_since,
            AbsenceCause(self.absence) if self.absence else None,
            self.series_up,
            self.series_down,
            self.interval_s,
        )


def standing_condition(*standings: str) -> Q:
    """The condition of targets whose property `present_standing` is one of these."""
    absent, is_off = (
        Q(state=None) | Q(state__standing=TargetStanding.ABSENT),
        Q(listing=ScrapeTarget.Listing.OFF),
    )
    conditions = {TargetStanding.OFF.value: absent & is_off, TargetStanding.ABSENT.value: absent & ~is_off}
    condition = Q(pk=None)
    for standing in standings:
        condition |= conditions.get(standing, Q(state__standing=standing))
    return condition

"""The kind of scrape targets, with the standing of each."""

from collections.abc import Mapping

from django import forms
from django.db.models import QuerySet
from django.utils.text import capfirst
from rest_framework import serializers

from telemetry.core.scrapes import TargetStanding
from telemetry.targets.models import ScrapeTarget, standing_condition
from telemetry.targets.queries import full_sites
from telemetry.targets.sentences import standing_detail
from web import clock
from web.ages import ago
from web.kinds.columns import figure, hidden, plain, related
from web.kinds.declaring import declared
from web.rest.lookups import AnyOf
from web.rest.serializers import ObjectSerializer
from web.tables import Column

_TONES: Mapping[str, str] = {
    TargetStanding.DOWN: "bad",
    TargetStanding.ABSENT: "warn",
    TargetStanding.UP: "ok",
    TargetStanding.OFF: "",
}
_STANDINGS = [(standing.value, capfirst(standing)) for standing in TargetStanding]


class StandingFilter(AnyOf):
    """A standing comes from two tables: the state of the target, and its listing."""

    def filter(self, queryset: QuerySet[ScrapeTarget], values: list[str]) -> QuerySet[ScrapeTarget]:
        return queryset.filter(standing_condition(*values)) if values else queryset


class TargetFields(ObjectSerializer):
    standing = serializers.ChoiceField(_STANDINGS, read_only=True, source="present_standing")
    standing_since = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Null as long as no `up` of the target came."
    )
    detail = serializers.SerializerMethodField(
        help_text="Why it is absent, since when it was down before, and what contradicts it."
    )

    def get_detail(self, target: ScrapeTarget) -> str:
        return standing_detail(target)


def _hint() -> str:
    sentences = ["What is scraped at each site, and whether it answers"]
    if names := full_sites():
        sentences.append(f"As many as Muster lists by itself, further ones are left out: {', '.join(names)}")
    return ". ".join(sentences)


SCRAPE_TARGET = declared(
    ScrapeTarget,
    ("site", "address", "job", "listing", "scheme", "path", "interval_s", "labels"),
    (
        plain("address", "Address", locked=True, phone="title"),
        Column(
            "standing",
            "Standing",
            value="present_standing",
            text=lambda row: capfirst(row.present_standing),
            tone=lambda row: _TONES[row.present_standing],
            hint="Down: the last scrape failed. Absent: nobody has told of it lately",
            phone="status",
        ),
        Column(
            "standing_since",
            "Since",
            text=lambda row: ago(row.standing_since, now=clock.now()),
            sort="state__since",
        ),
        plain("job", "Job"),
        related("site", "Site", export="site.slug"),
        Column("detail", "Detail", value=standing_detail, phone="full"),
        plain("listing", "Listing"),
        figure("interval_s", "Interval", "s", default=False),
        plain("labels", "Labels", phone="full", default=False),
        hidden(plain, "scheme", "Scheme"),
        hidden(plain, "path", "Path"),
    ),
    brief=("job", "address"),
    search=("address", "job", "labels", "site__name"),
    filters={"standing": StandingFilter(label="Standing", inner=forms.ChoiceField(choices=_STANDINGS))},
    panel=("standing", "site", "job", "listing"),
    joins=("site", "state"),
    serializer=TargetFields,
    also=("standing", "standing_since", "detail"),
    together=("address", "listing"),
    room=("Telemetry", "ingest"),
    icon="activity",
    hint=_hint,
    above=lambda target: [target.site],
    empty={
        "title": "No scrape targets yet",
        "text": "A target appears with its first sample of up, which an agent or a Prometheus sends. Agents also scrape"
        " what is added here.",
        "icon": "database-import",
    },
)

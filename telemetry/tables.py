"""Columns as data: the sources, their series, and the series that describe nothing the inventory knows."""

from datetime import datetime

import django_filters
from django import forms
from django.db.models import Q

from telemetry import links, sentences
from telemetry.core.registry import registry
from telemetry.filters import InState
from telemetry.intake import object_of
from telemetry.models import Series, Source, SourceProvenance, SourceState
from telemetry.sentences import why_unmatched
from web.ages import ago
from web.links import page_url
from web.rest import lookups
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table
from web.units import duration, format_value, number

TONES = {SourceState.LATE.value: "warn", SourceState.SILENT.value: "bad"}


class SourceListFilters(ObjectFilterSet):
    state = InState(
        field_name="status__state", label="State", inner=forms.ChoiceField(choices=SourceState.choices)
    )
    site = django_filters.CharFilter(label="Site", field_name="site__slug")
    provenance = django_filters.MultipleChoiceFilter(label="Provenance", choices=SourceProvenance.choices)

    class Meta:
        model = Source
        fields: list[str] = []
        search_fields = ["name", "site__name", "site__slug", "description"]


class SeriesListFilters(ObjectFilterSet):
    metric = django_filters.CharFilter(label="Metric", lookup_expr="icontains")
    source = django_filters.ModelMultipleChoiceFilter(
        label="Source", queryset=Source.objects.order_by("name", "pk")
    )
    site = django_filters.CharFilter(label="Site, by slug", field_name="site__slug")
    matched = lookups.Flag(label="Matched to an object", read=lambda key: Q(object_kind__gt=""))
    ended = lookups.Flag(label="Ended", read=lambda key: Q(ended_at__isnull=False))

    class Meta:
        model = Series
        fields = ["device", "accelerator", "port", "power_feed", "link", "cooling_unit"]
        panel = ["metric", "source", "site", "matched", "ended"]
        search_fields = ["metric", "labels"]


def source_table(*, now: datetime, add_url: str) -> Table:
    return Table(
        id="sources",
        noun=("source", "sources"),
        title="Sources",
        filterset=SourceListFilters,
        default_sort="state",
        per_page=25,
        api="telemetry-api-source-list",
        empty={
            "title": "No sources yet",
            "text": "A source is one sender of samples, such as a Prometheus. Add one and point it here.",
            "icon": "database-import",
            "action_url": add_url,
            "action_label": "Add a source",
        },
        row_id="source.pk",
        row_url=lambda row: page_url(row.source) or "",
        row_name="source.name",
        columns=_source_columns(now),
    )


# fmt: off
def _source_columns(now: datetime) -> tuple[Column, ...]:
    return (
        Column("state", "State", template="telemetry/cells/state.html", sort="severity", phone="status"),
        Column("name", "Source", "source.name", url=lambda row: page_url(row.source) or "", sort="name", locked=True,
               phone="title"),
        Column("site", "Site", "source.site", lambda row: sentences.place_of(row.source), sort="site__name"),
        Column("last_sample", "Last sample", "last_sample_at", lambda row: ago(row.last_sample_at, now=now),
               tone=lambda row: TONES.get(row.state, ""), sort="-newest", numeric=True),
        Column("limit", "Late after", "limit_s", lambda row: duration(row.limit_s), hint="Cadence plus grace",
               file_unit="s", numeric=True),
        Column("rate", "Rate", "samples_per_s", unit="samples/s", numeric=True),
        Column("lag", "Lag", "lag_s", lambda row: sentences.lag(row.lag_s),
               hint="Longest time from receipt to stored, last 10 min", file_unit="s", numeric=True),
        Column("rejected", "Refused, 24 h", "rejected_24h", lambda row: number(row.rejected_24h),
               tone=lambda row: "warn" if row.rejected_24h else "", sort="refused", numeric=True),
        Column("strip", "24 h", sentences.strip, template="telemetry/cells/strip.html",
               hint="The worst state of each of the last 24 hours",
               export=lambda row: " ".join(hour.state for hour in row.strip), phone="full"),
        Column("samples", "Samples, 24 h", "samples_24h", numeric=True, default=False),
        Column("cadence", "Cadence, s", "source.cadence_s", sort="cadence_s", numeric=True, default=False),
        Column("provenance", "Provenance", "source.provenance", sort="provenance", default=False),
        Column("since", "In this state since", "state_since", default=False),
        Column("description", "Description", "source.description", default=False, phone="full"),
        Column("owner", "Owner", "source.owner", tone=lambda row: "warn" if row.source.lost_owner else "",
               sort="owner__username", default=False),
    )
# fmt: on


def _unit(series: Series) -> str:
    metric = registry().get(series.metric, series.labels)
    return metric.unit if metric else ""


# fmt: off
def series_table(source: Source | None = None) -> Table:
    several_sites = source is None or source.site_id is None
    return Table(
        id="series",
        noun=("series", "series"),
        title="Series" if source else "",
        filterset=SeriesListFilters,
        default_sort="metric",
        per_page=25 if source else 50,
        empty={
            "title": "No series yet",
            "text": "They appear as soon as the first samples are stored.",
            "icon": "hourglass",
        },
        columns=(
            _metric(),
            _labels(),
            Column("object", "Object", value=object_of, text=lambda series: str(object_of(series) or "none found"),
                   url=links.object_url, tone=lambda series: "" if series.object_kind else "warn", sort="object_kind"),
            _series_source(default=source is None),
            Column("site", "Site", sort="site__name", default=several_sites),
            Column("unit", "Unit", value=_unit),
            Column("kind", "Kind", sort="kind", default=False),
            Column("first_seen_at", "First seen", sort="first_seen_at", default=False),
            Column("ended_at", "Ended", sort="ended_at"),
        ),
        row_name="metric",
        row_url=links.explore_url,
    )


def _series_source(*, default: bool = True) -> Column:
    return Column("source", "Source", url=lambda series: page_url(series.source) or "", sort="source__name",
                  default=default)
# fmt: on


def _metric() -> Column:
    return Column(
        "metric", "Metric", url=links.explore_url, sort="metric", locked=True, phone="title", code=True
    )


# fmt: off
def _labels() -> Column:
    return Column("labels", "Labels", value=lambda series: sorted(series.labels.items()),
                  template="telemetry/cells/labels.html",
                  export=lambda series: " ".join(f"{name}={value}" for name, value in sorted(series.labels.items())),
                  phone="full")
# fmt: on


UNMATCHED = Table(
    id="unmatched",
    noun=("unmatched series", "unmatched series"),
    filterset=SeriesListFilters,
    default_sort="metric",
    empty={
        "title": "Every series has its object",
        "text": "Series whose labels fit nothing in the inventory are listed here, each with the reason.",
        "icon": "circle-check",
    },
    columns=(
        _metric(),
        Column("why", "Why", value=why_unmatched, phone="full"),
        _labels(),
        _series_source(),
        Column("site", "Site", sort="site__name"),
        Column("first_seen_at", "First seen", sort="first_seen_at"),
    ),
    row_name="metric",
    row_url=links.explore_url,
)


# fmt: off
LINES = Table(
    id="lines",
    noun=("line", "lines"),
    title="Values in this time",
    default_sort="-highest",
    per_page=25,
    columns=(
        Column("name", "Line", url=links.line_url, sort=True, locked=True, phone="title", code=True),
        Column("object", "Object", value=lambda line: object_of(line.series) if line.series else None,
               text=lambda line: str(object_of(line.series) or "") if line.series else "",
               url=lambda line: links.object_url(line.series) if line.series else ""),
        *(
            Column(key, label, text=lambda line, key=key: str(format_value(getattr(line, key), line.unit)),
                   unit_of=lambda line: line.unit, sort=True, numeric=True)
            for key, label in (
                ("last", "Last"),
                ("lowest", "Lowest"),
                ("mean", "Mean"),
                ("highest", "Highest"),
            )
        ),
        Column("labels", "Labels", value=lambda line: sorted(line.labels.items()),
               template="telemetry/cells/labels.html",
               export=lambda line: " ".join(f"{name}={value}" for name, value in sorted(line.labels.items())),
               default=False, phone="full"),
        Column("provenance", "Provenance", default=False),
    ),
    row_id=lambda line: line.series.pk if line.series else line.name,
    row_name="name",
    row_url=links.line_url,
)
# fmt: on

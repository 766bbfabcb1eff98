"""Columns as data: the sources, their series, and the series that describe nothing the inventory knows."""

from datetime import datetime

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from telemetry import cards
from telemetry.filters import InState
from telemetry.intake import object_of
from telemetry.models import Series, Source, SourceProvenance, SourceState
from telemetry.unmatched import why_unmatched
from web.ages import ago
from web.links import page_url
from web.rest import lookups
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table
from web.units import duration, format_value, number


class SourceListFilters(ObjectFilterSet):
    state = InState(
        field_name="status__state", label=_("State"), inner=forms.ChoiceField(choices=SourceState.choices)
    )
    site = django_filters.CharFilter(label=_("Site"), field_name="site__slug")
    provenance = django_filters.MultipleChoiceFilter(label=_("Provenance"), choices=SourceProvenance.choices)

    class Meta:
        model = Source
        fields: list[str] = []
        search_fields = ["name", "site__name", "site__slug", "description"]


class SeriesListFilters(ObjectFilterSet):
    """Adds the id of an object, for links from its page."""

    metric = django_filters.CharFilter(label=_("Metric"), lookup_expr="icontains")
    source = django_filters.ModelMultipleChoiceFilter(
        label=_("Source"), queryset=Source.objects.order_by("name", "pk")
    )
    site = django_filters.CharFilter(label=_("Site, by slug"), field_name="site__slug")
    matched = lookups.Flag(label=_("Matched to an object"), read=lambda key: Q(object_kind__gt=""))
    ended = lookups.Flag(label=_("Ended"), read=lambda key: Q(ended_at__isnull=False))

    class Meta:
        model = Series
        fields = ["device", "accelerator", "port", "power_feed", "link", "cooling_unit"]
        panel = ["metric", "source", "site", "matched", "ended"]
        search_fields = ["metric", "labels"]


def source_table(*, now: datetime, add_url: str) -> Table:
    """The ages in it need the time of the page; `add_url` is empty for who may add none."""
    return Table(
        id="sources",
        noun=(_("source"), _("sources")),
        title=_("Sources"),
        filterset=SourceListFilters,
        default_sort="state",
        per_page=25,
        api="telemetry-api-source-list",
        empty={
            "title": _("No sources yet"),
            "text": _("A source is one sender of samples, such as a Prometheus. Add one and point it here."),
            "icon": "database-import",
            "action_url": add_url,
            "action_label": _("Add a source"),
        },
        row_id=lambda row: row.source.pk,
        row_url=lambda row: page_url(row.source) or "",
        row_name=lambda row: row.source.name,
        columns=(*_source_identity(), *_source_figures(now), *_source_details(), _source_owner()),
    )


def _source_identity() -> tuple[Column, ...]:
    return (
        Column(
            "state",
            _("State"),
            value=lambda row: row.state,
            template="telemetry/cells/state.html",
            sort="severity",
            phone="status",
        ),
        Column(
            "name",
            _("Source"),
            value=lambda row: row.source.name,
            url=lambda row: page_url(row.source) or "",
            sort="name",
            locked=True,
            phone="title",
        ),
        Column(
            "site",
            _("Site"),
            value=lambda row: row.source.site,
            text=lambda row: cards.place_words(row.source),
            sort="site__name",
        ),
    )


def _source_figures(now: datetime) -> tuple[Column, ...]:
    return (
        Column(
            "last_sample",
            _("Last sample"),
            value=lambda row: row.last_sample_at,
            text=lambda row: ago(row.last_sample_at, now=now),
            tone=lambda row: cards.tone_of(row.state),
            sort="-newest",
            numeric=True,
        ),
        Column(
            "limit",
            _("Late after"),
            hint=_("Cadence plus grace"),
            value=lambda row: row.limit_s,
            text=lambda row: duration(row.limit_s),
            file_unit="s",
            numeric=True,
        ),
        Column(
            "rate",
            _("Rate"),
            unit=_("samples/s"),
            value=lambda row: row.samples_per_s,
            text=lambda row: cards.rate(row.samples_per_s),
            numeric=True,
        ),
        Column(
            "lag",
            _("Lag"),
            hint=_("Longest time from receipt to stored, last 10 min"),
            value=lambda row: row.lag_s,
            text=lambda row: cards.lag(row.lag_s),
            file_unit="s",
            numeric=True,
        ),
        Column(
            "rejected",
            _("Refused, 24 h"),
            value=lambda row: row.rejected_24h,
            text=lambda row: number(row.rejected_24h),
            tone=lambda row: "warn" if row.rejected_24h else "",
            sort="refused",
            numeric=True,
        ),
        Column(
            "strip",
            _("24 h"),
            hint=_("The worst state of each of the last 24 hours"),
            value=lambda row: cards.strip(row),
            template="telemetry/cells/strip.html",
            export=lambda row: " ".join(hour.state for hour in row.strip),
            phone="full",
        ),
    )


def _source_details() -> tuple[Column, ...]:
    return (
        Column("samples", _("Samples, 24 h"), value=lambda row: row.samples_24h, numeric=True, default=False),
        Column(
            "cadence",
            _("Cadence, s"),
            value=lambda row: row.source.cadence_s,
            sort="cadence_s",
            numeric=True,
            default=False,
        ),
        Column("provenance", _("Provenance"), value="source.provenance", sort="provenance", default=False),
        Column("since", _("In this state since"), value=lambda row: row.state_since, default=False),
        Column("description", _("Description"), value="source.description", default=False, phone="full"),
    )


def _source_owner() -> Column:
    return Column(
        "owner",
        _("Owner"),
        value="source.owner",
        tone=lambda row: "warn" if row.source.lost_owner else "",
        sort="owner__username",
        default=False,
    )


def series_table(source: Source | None = None) -> Table:
    """Series of one source, or of all."""
    several_sites = source is None or source.site_id is None
    return Table(
        id="series",
        noun=(_("series"), _("series")),
        title=_("Series") if source else "",
        filterset=SeriesListFilters,
        default_sort="metric",
        per_page=25 if source else 50,
        empty={
            "title": _("No series yet"),
            "text": _("They appear as soon as the first samples are stored."),
            "icon": "hourglass",
        },
        columns=(
            _metric(),
            _labels(),
            Column(
                "object",
                _("Object"),
                value=object_of,
                text=lambda series: str(object_of(series) or gettext("none found")),
                url=cards.object_url,
                tone=lambda series: "" if series.object_kind else "warn",
                sort="object_kind",
            ),
            _series_source(default=source is None),
            Column("site", _("Site"), sort="site__name", default=several_sites),
            Column("unit", _("Unit"), value=cards.unit_of),
            Column("kind", _("Kind"), sort="kind", default=False),
            Column("first_seen_at", _("First seen"), sort="first_seen_at", default=False),
            Column("ended_at", _("Ended"), sort="ended_at"),
        ),
        row_name="metric",
        row_url=cards.explore_url,
    )


def _series_source(*, default: bool = True) -> Column:
    return Column(
        "source",
        _("Source"),
        url=lambda series: page_url(series.source) or "",
        sort="source__name",
        default=default,
    )


def _metric() -> Column:
    return Column(
        "metric", _("Metric"), url=cards.explore_url, sort="metric", locked=True, phone="title", code=True
    )


def _labels() -> Column:
    return Column(
        "labels",
        _("Labels"),
        value=lambda series: cards.label_words(series.labels),
        template="telemetry/cells/labels.html",
        export=lambda series: " ".join(f"{name}={value}" for name, value in cards.label_words(series.labels)),
        phone="full",
    )


UNMATCHED = Table(
    id="unmatched",
    noun=(_("unmatched series"), _("unmatched series")),
    filterset=SeriesListFilters,
    default_sort="metric",
    empty={
        "title": _("Every series has its object"),
        "text": _("Series whose labels fit nothing in the inventory are listed here, each with the reason."),
        "icon": "circle-check",
    },
    columns=(
        _metric(),
        Column("why", _("Why"), value=why_unmatched, phone="full"),
        _labels(),
        _series_source(),
        Column("site", _("Site"), sort="site__name"),
        Column("first_seen_at", _("First seen"), sort="first_seen_at"),
    ),
    row_name="metric",
    row_url=cards.explore_url,
)


LINES = Table(
    id="lines",
    noun=(_("line"), _("lines")),
    title=_("Values in this time"),
    default_sort="-highest",
    per_page=25,
    columns=(
        Column("name", _("Line"), url=cards.line_url, sort=True, locked=True, phone="title", code=True),
        Column(
            "object",
            _("Object"),
            value=lambda line: object_of(line.series) if line.series else None,
            text=lambda line: str(object_of(line.series) or "") if line.series else "",
            url=lambda line: cards.object_url(line.series) if line.series else "",
        ),
        *(
            Column(
                key,
                label,
                text=lambda line, key=key: str(format_value(getattr(line, key), line.unit)),
                unit_of=lambda line: line.unit,
                sort=True,
                numeric=True,
            )
            for key, label in (
                ("last", _("Last")),
                ("lowest", _("Lowest")),
                ("mean", _("Mean")),
                ("highest", _("Highest")),
            )
        ),
        Column(
            "labels",
            _("Labels"),
            value=lambda line: cards.label_words(line.labels),
            template="telemetry/cells/labels.html",
            export=lambda line: " ".join(f"{name}={value}" for name, value in cards.label_words(line.labels)),
            default=False,
            phone="full",
        ),
        Column("provenance", _("Provenance"), default=False),
    ),
    row_id=lambda line: line.series.pk if line.series else line.name,
    row_name="name",
    row_url=cards.line_url,
)

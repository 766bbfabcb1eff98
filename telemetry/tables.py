"""Tables of series, and of series that match no object."""

import django_filters
from django.db.models import Q

from telemetry import links
from telemetry.core.registry import registry
from telemetry.intake import object_of
from telemetry.models import Series, Source
from telemetry.sentences import why_unmatched
from web.links import link, page_url
from web.rest import lookups
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table


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
            _labels(phone="hide"),
            Column("object", "Object", value=object_of, text=lambda series: str(object_of(series) or "none found"),
                   url=links.object_url, tone=lambda series: "" if series.object_kind else "warn", sort="object_kind"),
            _series_source(default=source is None),
            Column("site", "Site", sort="site__name", default=several_sites),
            Column("unit", "Unit", value=_unit),
            Column("kind", "Kind", sort="kind", default=False),
            Column("first_seen_at", "First seen", sort="first_seen_at", default=False),
            Column("ended_at", "Ended", sort="ended_at", phone="hide"),
        ),
        row_name="metric",
        row_url=links.series_url,
    )


def _series_source(*, default: bool = True) -> Column:
    return Column("source", "Source", url=lambda series: page_url(series.source) or "", sort="source__name",
                  default=default)
# fmt: on


def _metric() -> Column:
    return Column(
        "metric", "Metric", url=links.series_url, sort="metric", locked=True, phone="title", code=True
    )


# fmt: off
def _labels(phone: str = "full") -> Column:
    return Column("labels", "Labels", value=lambda series: sorted(series.labels.items()),
                  template="telemetry/cells/labels.html",
                  export=lambda series: " ".join(f"{name}={value}" for name, value in sorted(series.labels.items())),
                  phone=phone)
# fmt: on


# fmt: off
def _labels_to_map() -> Column:
    return Column("labels", "Labels", hint="Choose the label that tells the object", value=_mapped_by,
                  template="telemetry/cells/labels_to_map.html", export=_labels().export, phone="full")
# fmt: on


def _mapped_by(series: Series) -> list[tuple[str, str, str]]:
    """Each label, with its value and the address of a new mapping rule by it."""
    place = {"source": series.source_id, "site": series.site_id or ""}
    return [
        (name, text, link("mapping-rule-add", **place, metric=series.metric, label=name, value=text))
        for name, text in sorted(series.labels.items())
    ]


def unmatched_table(*, may_map: bool) -> Table:
    """`may_map` if the reader may add mapping rules: each label leads to one."""
    return Table(
        id="unmatched",
        noun=("unmatched series", "unmatched series"),
        filterset=SeriesListFilters,
        default_sort="metric",
        empty={
            "title": "No series lacks its object",
            "text": "Series whose labels fit nothing in the inventory are listed here, each with the reason.",
            "icon": "circle-check",
        },
        columns=(
            _metric(),
            Column("why", "Why", value=why_unmatched, phone="full"),
            _labels_to_map() if may_map else _labels(),
            _series_source(),
            Column("site", "Site", sort="site__name"),
            Column("first_seen_at", "First seen", sort="first_seen_at"),
        ),
        row_name="metric",
        row_url=links.series_url,
    )

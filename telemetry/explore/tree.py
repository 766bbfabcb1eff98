"""The browser of metrics: branches that are read when they are opened, and metrics with their newest values."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import QuerySet

from inventory.models import Site
from telemetry import queries
from telemetry.core.metric import MetricKind
from telemetry.core.spec import Aggregation, ObjectRef
from telemetry.explore import catalogue
from telemetry.explore.metrics import DOMAINS, BrowsedMetric
from telemetry.explore.newest import NewestValue, newest_values
from telemetry.explore.shown import ExploreAddress
from telemetry.models import SourceState
from telemetry.params import EVERY_SITE, OBJECTS, TOGETHER
from web.drawing import spark_path
from web.units import how_many, number

BY_SITE, BY_DOMAIN, BY_OBJECT, BY_EXPORTER = "site", "domain", "object", "exporter"
ARRANGEMENTS = {BY_SITE: "Site", BY_DOMAIN: "Domain", BY_OBJECT: "Object", BY_EXPORTER: "Exporter"}
DOMAIN_WORDS = {"compute": "Compute", "network": "Network", "energy": "Energy", "other": "Other"}
KIND_WORDS = {
    "device_id": "Devices",
    "power_feed_id": "Power feeds",
    "cooling_unit_id": "Cooling units",
    "link_id": "Links",
}
# Metrics of a domain that are listed before the reader asks for all.
FIRST_METRICS = 5
MOST_METRICS = 40
PAGE = 30
SPARK = {"width": 58, "height": 18}


@dataclass(frozen=True, slots=True)
class MetricLeaf:
    """A metric at a place: `url` draws it alone, `second_url` beside the one that is drawn."""

    title: str
    name: str
    domain: str
    url: str
    second_url: str
    key: str
    note: str
    newest: NewestValue | None

    @property
    def path(self) -> str:
        return spark_path(self.newest.hours, **SPARK) if self.newest and self.newest.hours else ""


@dataclass(frozen=True, slots=True)
class LeafGroup:
    """Metrics under one heading; `title` is empty where there is only one group. `more` says what is not listed."""

    leaves: tuple[MetricLeaf, ...]
    title: str = ""
    domain: str = ""
    count: int = 0
    more: str = ""
    more_branch: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    key: str
    title: str
    note: str
    domain: str = ""
    tone: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class TreePart:
    """The content of an opened branch: branches, metrics, or both; `more` leads to the next page of branches."""

    branches: tuple[Branch, ...] = ()
    groups: tuple[LeafGroup, ...] = ()
    more: str = ""
    more_branch: str = ""
    empty: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where metrics are read: a site, an object, or every site, and the parameters that say so."""

    params: Mapping[str, Any]
    site_ids: Sequence[int]
    described: ObjectRef | None = None
    labels: str = ""

    @property
    def is_whole_fleet(self) -> bool:
        return self.params.get("site") == EVERY_SITE


def tree_part(branch: str, address: ExploreAddress, *, now: datetime) -> TreePart:
    """The content of a branch: "" is the root, the others are keys of branches. Raises BadRequest."""
    kind, _, rest = branch.partition(":")
    match kind:
        case "":
            return _found(address, now) if address.query else _roots(address, 0, now)
        case "page":
            return _roots(address, _whole(rest), now)
        case "site":
            slug, _, domain = rest.partition(":")
            return _site(slug, domain, address, now)
        case "domain" | "exporter":
            return _fleet(kind, rest, address, now)
        case "objects":
            column, _, first = rest.partition(":")
            return _objects(column, _whole(first or "0"))
        case "object":
            column, _, object_id = rest.partition(":")
            return _object(column, _whole(object_id), address, now)
    raise BadRequest("branch: there is none of this name")


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise BadRequest("branch: there is none of this name")
    return int(text)


def _roots(address: ExploreAddress, first: int, now: datetime) -> TreePart:
    match address.by:
        case "domain":
            grouped = catalogue.metrics_by_domain(catalogue.all_metrics(now))
            return TreePart(
                tuple(
                    Branch(f"domain:{domain}", DOMAIN_WORDS[domain], number(len(grouped[domain])), domain)
                    for domain in DOMAINS
                    if domain in grouped
                ),
                empty=NOTHING_SENT,
            )
        case "exporter":
            return TreePart(
                tuple(
                    Branch(f"exporter:{name}", name or "Unknown to Muster", number(len(metrics)))
                    for name, metrics in catalogue.metrics_by_exporter(catalogue.all_metrics(now)).items()
                ),
                empty=NOTHING_SENT,
            )
        case "object":
            return TreePart(
                tuple(
                    Branch(f"objects:{column}", KIND_WORDS[column], number(model._default_manager.count()))
                    for column, model in catalogue.OBJECT_MODELS.items()
                )
            )
    return _site_branches(catalogue.sites_with_series(), first, address)


NOTHING_SENT = "No metric is here yet. Metrics appear as soon as a source sends samples."


def _site_branches(sites: QuerySet[Site], first: int, address: ExploreAddress) -> TreePart:
    total = sites.count()
    page = list(sites[first : first + PAGE])
    if not first and (own := address.site) and own not in {site.slug for site in page}:
        page = [*sites.filter(slug=own), *page]
    metrics = catalogue.metrics_of_sites([site.pk for site in page])
    states = {
        site_id: {standing.state for standing in standings}
        for site_id, standings in queries.source_states([site.pk for site in page]).items()
    }
    branches = []
    for site in page:
        count = len(metrics.get(site.pk, ()))
        is_silent = states.get(site.pk) == {SourceState.SILENT}
        note = "silent" if is_silent else how_many(count, "metric", "metrics") if count else "no metric"
        branches.append(
            Branch(
                f"site:{site.slug}",
                site.name,
                note,
                tone="bad" if is_silent else "",
                is_open=site.slug == address.site,
            )
        )
    further_count = total - first - PAGE
    more = how_many(further_count, "more site", "more sites") if further_count > 0 else ""
    return TreePart(tuple(branches), more=more, more_branch=f"page:{first + PAGE}", empty="You see no site.")


def _site(slug: str, domain: str, address: ExploreAddress, now: datetime) -> TreePart:
    site = Site.objects.filter(slug=slug).first()
    if site is None:
        return TreePart(empty="This site is gone, or you may not see it.")
    grouped = catalogue.metrics_by_domain(catalogue.metrics_of_sites([site.pk]).get(site.pk, []))
    place = _Place({"site": site.slug}, [site.pk])
    if domain:
        leaves = _leaves(grouped.get(domain, []), place, address, now)
        return TreePart(groups=(LeafGroup(leaves),), empty=NOTHING_SENT)
    first = {key: _first(metrics, address) for key, metrics in grouped.items()}
    leaves_by_name = {
        leaf.name: leaf
        for leaf in _leaves([metric for metrics in first.values() for metric in metrics], place, address, now)
    }
    return TreePart(
        groups=tuple(
            LeafGroup(
                tuple(leaves_by_name[metric.name] for metric in first[key]),
                title=DOMAIN_WORDS[key],
                domain=key,
                count=len(grouped[key]),
                more=_more(len(grouped[key]) - len(first[key])),
                more_branch=f"site:{slug}:{key}",
            )
            for key in DOMAINS
            if key in grouped
        ),
        empty="This site sends no metric.",
    )


def _first(metrics: Sequence[BrowsedMetric], address: ExploreAddress) -> list[BrowsedMetric]:
    """The first metrics, and those that are drawn."""
    drawn = {address.metric, address.second_metric}
    return [
        metric
        for place, metric in enumerate(metrics)
        if place < FIRST_METRICS or drawn & {*metric.names, metric.name}
    ]


def _more(count: int) -> str:
    return f"{number(count)} more" if count > 0 else ""


def _fleet(kind: str, name: str, address: ExploreAddress, now: datetime) -> TreePart:
    arrange = catalogue.metrics_by_domain if kind == BY_DOMAIN else catalogue.metrics_by_exporter
    metrics = arrange(catalogue.all_metrics(now)).get(name, [])
    leaves = _leaves(metrics, _everywhere(), address, now)
    return TreePart(groups=(LeafGroup(leaves),), empty=NOTHING_SENT)


def _everywhere(labels: str = "") -> _Place:
    site_ids = list(Site.objects.order_by("pk").values_list("pk", flat=True))
    return _Place({"site": EVERY_SITE} | ({"labels": [labels]} if labels else {}), site_ids, labels=labels)


def _objects(column: str, first: int, query: str = "") -> TreePart:
    if column not in catalogue.OBJECT_MODELS:
        raise BadRequest("branch: there is none of this name")
    objects = catalogue.objects_with_series(column, query)
    # One more than is listed says whether there are more.
    page = list(objects.select_related("site")[first : first + PAGE + 1])
    more = "More" if len(page) > PAGE else ""
    branches = tuple(_object_branch(column, described) for described in page[:PAGE])
    nothing = "No samples are matched to an object of this kind."
    return TreePart(branches, more=more, more_branch=f"objects:{column}:{first + PAGE}", empty=nothing)


def _object_branch(column: str, described: Any) -> Branch:
    return Branch(f"object:{column}:{described.pk}", described.name, str(described.site))


def _object(column: str, object_id: int, address: ExploreAddress, now: datetime) -> TreePart:
    if column not in catalogue.OBJECT_MODELS:
        raise BadRequest("branch: there is none of this name")
    described: Any = catalogue.OBJECT_MODELS[column]._default_manager.filter(pk=object_id).first()
    if described is None:
        return TreePart(empty="This object is gone, or you may not see it.")
    site_ids = list(Site.objects.filter(pk=described.site_id).values_list("pk", flat=True))
    place = _Place({column: object_id}, site_ids, ObjectRef(OBJECTS[column], object_id))
    leaves = _leaves(catalogue.metrics_of_object(column, object_id), place, address, now)
    return TreePart(groups=(LeafGroup(leaves),), empty="This object sends no metric.")


def _found(address: ExploreAddress, now: datetime) -> TreePart:
    """The findings of a search: metrics everywhere, then sites, then devices."""
    metrics, labels = catalogue.matching_metrics(address.query, now=now)
    leaves = _leaves(metrics[:MOST_METRICS], _everywhere(labels), address, now)
    groups = (LeafGroup(leaves, more=_more(len(metrics) - MOST_METRICS)),) if leaves else ()
    branches: tuple[Branch, ...] = ()
    if not labels:
        sites = _site_branches(catalogue.sites_with_series(address.query), 0, replace(address, site=""))
        branches = (*sites.branches[:PAGE], *_objects("device_id", 0, address.query).branches)
    nothing = (
        f"Nothing is called “{address.query}”. Search for a name, an exporter, a site, or a label as gpu=0."
    )
    return TreePart(branches, groups, empty=nothing)


def _leaves(
    metrics: Sequence[BrowsedMetric], place: _Place, address: ExploreAddress, now: datetime
) -> tuple[MetricLeaf, ...]:
    values = (
        newest_values(metrics, place.site_ids, described=place.described, now=now) if not place.labels else {}
    )
    return tuple(_leaf(metric, title, place, address, values) for metric, title in _titled(metrics))


def _titled(metrics: Sequence[BrowsedMetric]) -> Iterable[tuple[BrowsedMetric, str]]:
    """Metrics of one title are told apart by their exporter."""
    counted = Counter(metric.title for metric in metrics)
    for metric in metrics:
        several = counted[metric.title] > 1 and metric.exporter
        yield metric, f"{metric.title} ({metric.exporter})" if several else metric.title


def _leaf(
    metric: BrowsedMetric,
    title: str,
    place: _Place,
    address: ExploreAddress,
    values: Mapping[str, NewestValue],
) -> MetricLeaf:
    question = dict(place.params) | _drawn_as(metric, place)
    count, noun = (metric.sites, "site") if place.is_whole_fleet else (metric.series, "series")
    return MetricLeaf(
        title=title,
        name=metric.name,
        domain=metric.domain,
        url=address.alone(question),
        second_url=address.beside(question) if address.metric else "",
        key=address.key_of(question),
        note=how_many(count, noun, "sites" if noun == "site" else noun),
        newest=values.get(metric.name),
    )


def _drawn_as(metric: BrowsedMetric, place: _Place) -> dict[str, Any]:
    """How a metric is drawn: a line for each site, or for the site; codes and states series by series."""
    question: dict[str, Any] = {"metric": metric.name}
    if metric.kind is MetricKind.STATE or (place.described and metric.series <= FIRST_METRICS):
        return question
    question["group_by"] = "site" if place.is_whole_fleet else TOGETHER
    if metric.kind is MetricKind.HISTOGRAM:
        return question | {"aggregation": str(Aggregation.QUANTILE), "quantile": "0.99"}
    is_usual = metric.kind is MetricKind.COUNTER or metric.combine is Aggregation.AVG
    return question if is_usual else question | {"combine": str(metric.combine)}

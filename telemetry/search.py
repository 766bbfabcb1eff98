"""Search in telemetry: sources by name, metrics by name and by what they mean."""

from django.db.models import Q

from accounts.models import User
from telemetry import sentences
from telemetry.core.registry import registry
from telemetry.models import Series, Source
from web.links import link, page_url
from web.search import Hit


def find_sources(query: str, *, user: User, limit: int) -> list[Hit]:
    asked = Q(name__icontains=query) | Q(description__icontains=query) | Q(site__name__icontains=query)
    sources = Source.objects.filter(asked).select_related("site").order_by("name", "pk")[: 4 * limit]
    ordered = sorted(sources, key=lambda source: not source.name.casefold().startswith(query.casefold()))
    return [
        Hit(source.name, page_url(source) or "", sentences.place_of(source)) for source in ordered[:limit]
    ]


def find_metrics(query: str, *, user: User, limit: int) -> list[Hit]:
    meant = [name for name, metric in registry().names.items() if query.casefold() in metric.title.casefold()]
    asked = Q(metric__icontains=query) | Q(metric__in=meant)
    names = (
        Series.objects.filter(asked).order_by("metric").values_list("metric", flat=True).distinct()[:limit]
    )
    return [Hit(name, link("explore", metric=name), _meaning(name)) for name in names]


def _meaning(name: str) -> str:
    metric = registry().get(name)
    return f"{metric.title}{f', {metric.unit}' if metric.unit else ''}" if metric else ""

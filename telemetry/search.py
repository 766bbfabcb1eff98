"""Search for metrics by name and meaning. Sources are found as a kind."""

from collections.abc import Iterator

from django.db.models import Q

from accounts.models import User
from telemetry.core.registry import registry
from telemetry.links import explore_url
from telemetry.models import Series
from web.ranking import rank_of
from web.search import Hit


def find_metrics(query: str, *, user: User) -> Iterator[Hit]:
    words = query.casefold().split()
    meant = [
        name
        for name, metric in registry().names.items()
        if all(word in f"{name} {metric.title}".casefold() for word in words)
    ]
    condition = Q(metric__icontains=query) | Q(metric__in=meant)
    for name in (
        Series.objects.filter(condition).order_by("metric").values_list("metric", flat=True).distinct()
    ):
        metric = registry().get(name)
        meaning = f"{metric.title}{f', {metric.unit}' if metric.unit else ''}" if metric else ""
        if (rank := rank_of(query, name, [meaning])) is not None:
            yield Hit(name, explore_url({"metric": name}), meaning, rank=rank)

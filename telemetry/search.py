"""Search in telemetry: metrics by name and by what they mean. Sources are found as a kind."""

from collections.abc import Iterator

from accounts.models import User
from telemetry.core.registry import registry
from telemetry.models import Series
from web.links import link
from web.ranking import rank_of
from web.search import Hit


def find_metrics(query: str, *, user: User) -> Iterator[Hit]:
    for name in Series.objects.order_by("metric").values_list("metric", flat=True).distinct():
        metric = registry().get(name)
        meaning = f"{metric.title}{f', {metric.unit}' if metric.unit else ''}" if metric else ""
        if (rank := rank_of(query, name, [meaning])) is not None:
            yield Hit(name, link("explore", metric=name), meaning, rank=rank)

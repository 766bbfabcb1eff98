"""Addresses of the explorer and of a series' object."""

from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from telemetry.core.matching import ObjectKind
from telemetry.explore import ExploredLine
from telemetry.intake import object_of
from telemetry.models import Series
from telemetry.params import OBJECTS
from telemetry.sentences import NOUNS
from web.links import link, page_url


def object_url(series: Series) -> str:
    described = object_of(series)
    return (page_url(described) or "") if described is not None else ""


def explore_url(series: Series) -> str:
    labels = [f"{name}={value}" for name, value in sorted(series.labels.items())]
    return link("explore", metric=series.metric, **_site_of(series), labels=labels)


def metric_url(series: Series) -> str:
    described = next((name for name in OBJECTS if getattr(series, name)), "")
    narrowed = {described: getattr(series, described)} if described else {}
    return link("explore", metric=series.metric, **_site_of(series), **narrowed)


def _site_of(series: Series) -> dict[str, str]:
    return {} if series.site is None else {"site": series.site.slug}


def line_url(line: ExploredLine) -> str:
    return explore_url(line.series) if line.series else ""


def narrowed(params: QueryDict) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "value": params[name],
            "label": NOUNS[ObjectKind(kind)],
            "remove_url": _explore_url_without(params, name),
        }
        for name, kind in OBJECTS.items()
        if params.get(name)
    ]


def _explore_url_without(params: QueryDict, name: str) -> str:
    remaining_pairs = [(each, value) for each, values in params.lists() for value in values if each != name]
    return f"{reverse('explore')}?{urlencode(remaining_pairs)}"

"""Mapping rules for matching."""

from collections.abc import Collection

from telemetry.core.mapping import SeriesMapping
from telemetry.mapping.models import MappingRule


def mappings_by_source(source_ids: Collection[int]) -> dict[int, list[SeriesMapping]]:
    """The mappings of each of these sources. One statement."""
    mappings: dict[int, list[SeriesMapping]] = {source_id: [] for source_id in source_ids}
    for rule in MappingRule.objects.filter(source__in=mappings).order_by("pk"):
        mappings[rule.source_id].append(rule.series_mapping)
    return mappings
